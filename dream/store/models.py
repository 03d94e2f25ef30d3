"""The tables. SQL is the truth: vectors, the lexical index and every page are made from these rows.

Times are seconds since the epoch, UTC. Offsets are code points of the stored text.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dream.logs import request_id
from dream.store.ids import new_id


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON}


class Note(Base):
    """What the data says of itself: the oldest schema that can still serve it, among others."""

    __tablename__ = "notes"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Corpus(Base):
    """A shelf. `name` is its address, `title` what people call it; the house owns it where `owner_id` is None. The
    vectors of a `scanned` one are few: they are read from `meanings`, and it has no collection in the vector store.
    """

    __tablename__ = "corpora"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    visibility: Mapped[str] = mapped_column(default="public")
    scanned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Grant(Base):
    """An author whom the owner of a corpus lets read it, and put works on it where `may_add`."""

    __tablename__ = "grants"
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    may_add: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Work(Base):
    """One text of a corpus, known by the name of the file it came from. Retrieved only while it has a live version.

    `said` is what its author says of it, which wins over the file; `numbered` is the highest number that a version of
    it ever had: none is used twice, since fragment ids derive from it. One that was `removed_at` some time is only kept
    as a name for what stories cite.
    """

    __tablename__ = "works"
    __table_args__ = (UniqueConstraint("corpus_id", "source"), Index("works_by_live_version", "live_version_id"))
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"))
    source: Mapped[str]
    title: Mapped[str]
    author: Mapped[str]
    language: Mapped[str]
    licence: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)
    quotable: Mapped[bool] = mapped_column(default=True)
    live_version_id: Mapped[str | None]
    added_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    taken_down_at: Mapped[float | None]
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    numbered: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[float | None]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Version(Base):
    """What a work said at one time. `embedding` names the model whose vectors its fragments have, and their form (see
    dream.store.library.indexes.reading), None before they have any; `live_at` is when it went live, None while it is
    staged; `about` is what its file says of itself, and `size` counts that file's bytes.
    """

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("work_id", "number"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    work_id: Mapped[str] = mapped_column(ForeignKey("works.id"))
    number: Mapped[int]
    sha256: Mapped[str]
    text: Mapped[str]
    size: Mapped[int] = mapped_column(default=0)
    about: Mapped[dict[str, Any]] = mapped_column(default=dict)
    embedding: Mapped[str | None]
    live_at: Mapped[float | None]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Section(Base):
    __tablename__ = "sections"
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    heading: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]


class Fragment(Base):
    """`key` is the number that the indexes in SQL know it by; `id` is what the rest of dream calls it."""

    __tablename__ = "fragments"
    __table_args__ = (Index("fragments_of_version", "version_id", "position"),)
    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"))
    position: Mapped[int]
    heading: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str]


class Lexicon(Base):
    """What the index of words holds of one live version: how many fragments and words, and its different terms (int64,
    sorted), by which its postings are found again when it goes.
    """

    __tablename__ = "lexicons"
    __table_args__ = (Index("lexicons_of_corpus", "corpus_id", "key", "fragments", "words"),)
    key: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"), unique=True)
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"))
    fragments: Mapped[int]
    words: Mapped[int]
    terms: Mapped[bytes]


class Posting(Base):
    """Where a term stands in one version: packed entries of dream.retrieval.postings, one a fragment. `term` is a hash
    of the corpus and the term, so that one look-up touches one corpus.
    """

    __tablename__ = "postings"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLAlchemy reads it
    term: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    lexicon: Mapped[int] = mapped_column(primary_key=True)
    entries: Mapped[bytes]


class Reading(Base):
    """The terms of a fragment in order (uint32 hashes) and where each of its windows ends among them (uint16)."""

    __tablename__ = "readings"
    key: Mapped[int] = mapped_column(ForeignKey("fragments.key"), primary_key=True)
    lexicon: Mapped[int]
    terms: Mapped[bytes]
    windows: Mapped[bytes]


class Meaning(Base):
    """What one embedding model makes of a fragment: its vector and those of its windows, in int8, and its content
    words' tokens as dream.retrieval.token_space packs them (`word_vectors`); `word_bounds` says where each window ends
    among those (uint16). Both are None where a build of an older form read the fragment: it has `tokens` of its own,
    with `bounds`, and finds these empty, and not others', while it serves beside this one.
    """

    __tablename__ = "meanings"
    key: Mapped[int] = mapped_column(ForeignKey("fragments.key"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    pooled: Mapped[bytes]
    windows: Mapped[bytes]
    bounds: Mapped[bytes] = mapped_column(default=b"")
    tokens: Mapped[bytes] = mapped_column(default=b"")
    word_bounds: Mapped[bytes | None]
    word_vectors: Mapped[bytes | None]


class Leftover(Base):
    """Vectors to remove from the vector store: those of a version that is not live any more, or never was."""

    __tablename__ = "leftovers"
    id: Mapped[int] = mapped_column(primary_key=True)
    corpus_id: Mapped[str]
    work_id: Mapped[str]
    number: Mapped[int]
    fragments: Mapped[int]


class Job(Base):
    """Reading one file into a corpus: who asked for it, how far it has come, and who is at it.

    `owner` is the id of an account, "" for the operator; `about` is what they say of the work. `attempt` counts the
    claims: only the latest may change the job or make its version live; `tries` counts them since somebody last asked.
    `done` and `of` count fragments.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_by_state", "state", "owner", "created_at"),
        Index("jobs_of_owner", "owner", "claimed_at"),
        Index("jobs_of_work", "corpus_id", "source", "created_at"),
        Index("jobs_of_batch", "batch"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    batch: Mapped[str]
    owner: Mapped[str]
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"))
    source: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    about: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="queued")
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(default="")
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    version_id: Mapped[str | None]
    work_id: Mapped[str | None]
    outcome: Mapped[str | None]
    code: Mapped[str | None]
    sentence: Mapped[str | None]
    notices: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[float] = mapped_column(default=time.time)
    claimed_at: Mapped[float] = mapped_column(default=0.0)
    beat_at: Mapped[float] = mapped_column(default=0.0)
    ended_at: Mapped[float | None]
    request_id: Mapped[str] = mapped_column(default=request_id.get)


class Reader(Base):
    """Whose stories are whose: one browser or program without an account, or one account."""

    __tablename__ = "readers"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Account(Base):
    """Who can sign in. `name` is an e-mail address or a name, folded; its stories are those of its reader."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    role: Mapped[str]
    reader_id: Mapped[str] = mapped_column(ForeignKey("readers.id"), unique=True)
    suspended_at: Mapped[float | None]
    created_at: Mapped[float] = mapped_column(default=time.time)


class SignIn(Base):
    """A browser where an account is signed in; gone once it ends. `secret` is the hash of what its cookie holds."""

    __tablename__ = "sign_ins"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    secret: Mapped[str] = mapped_column(unique=True)
    agent: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)
    seen_at: Mapped[float] = mapped_column(default=time.time)


class ApiToken(Base):
    """What a program acts for an account with; gone once revoked. `secret` is the hash of what was shown once."""

    __tablename__ = "api_tokens"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    secret: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[float] = mapped_column(default=time.time)
    used_at: Mapped[float | None]


class Attempt(Base):
    """A try at a password that has not succeeded; `key` is the hash of an account's name or of an address."""

    __tablename__ = "attempts"
    __table_args__ = (Index("attempts_by_key", "key", "made_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    made_at: Mapped[float] = mapped_column(default=time.time)


class Report(Base):
    """What somebody told the admins of a work or a story: `kind` says which of the two `subject_id` is."""

    __tablename__ = "reports"
    __table_args__ = (Index("reports_open", "settled_at", "created_at"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    subject_id: Mapped[str]
    words: Mapped[str]
    reader_id: Mapped[str | None] = mapped_column(ForeignKey("readers.id"))
    created_at: Mapped[float] = mapped_column(default=time.time)
    settled_at: Mapped[float | None]
    outcome: Mapped[str | None]


class Story(Base):
    """A tree of scenes that share a brief (as the reader sent it) and a seed. `title` is the reader's own name for it,
    `shared_as` the key of its link while it is shared. `note` and `facts` are what they lay down for all that is told
    of it from now on.
    """

    __tablename__ = "stories"
    __table_args__ = (
        Index("stories_of_reader", "reader_id", "created_at"),
        Index("stories_shared_as", "shared_as", unique=True),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reader_id: Mapped[str] = mapped_column(ForeignKey("readers.id"))
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"))
    brief: Mapped[dict[str, Any]]
    title: Mapped[str] = mapped_column(default="")
    put_away_at: Mapped[float | None]
    shared_as: Mapped[str | None]
    taken_down_at: Mapped[float | None]
    note: Mapped[str] = mapped_column(default="")
    facts: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Scene(Base):
    """One told stretch. `epoch` counts the tellings begun on it: only the latest may end it. `finish` is saved
    before threads are made. `rewrites_id` is the sibling whose text the reader changed into this one's. `prompt` says
    what its prompt held: the parts and their sizes, without their words. `brought` is what a scene from a file leans on
    that is not on its shelf (see dream.store.library.brought).
    """

    __tablename__ = "scenes"
    __table_args__ = (
        Index("scenes_of_story", "story_id", "created_at"),
        Index("scenes_by_state", "state", "heartbeat_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    story_id: Mapped[str] = mapped_column(ForeignKey("stories.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("scenes.id"))
    direction: Mapped[str] = mapped_column(default="")
    seed: Mapped[int]
    state: Mapped[str] = mapped_column(default="queued")
    epoch: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[float] = mapped_column(default=time.time)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    followed_at: Mapped[float | None]
    storyteller: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    finish: Mapped[str | None]
    code: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    rewrites_id: Mapped[str | None]
    prompt: Mapped[list[Any] | None]
    brought: Mapped[dict[str, Any] | None]
    created_at: Mapped[float] = mapped_column(default=time.time)
    ended_at: Mapped[float | None]


class LedgerLine(Base):
    """What one telling came to; entered before it begins, `ended_at` None until it ends. `address` is a keyed hash.
    `kind` is "telling", or "memory" for what was asked of a model afterwards about the scene.

    It refers to nothing by foreign keys: sizes and outcomes stay when the story goes.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ledger_by_time", "began_at"),
        Index("ledger_of_reader", "reader_id", "began_at"),
        Index("ledger_of_account", "account_id", "began_at"),
        Index("ledger_of_address", "address", "began_at"),
    )
    scene_id: Mapped[str] = mapped_column(primary_key=True)
    reader_id: Mapped[str]
    account_id: Mapped[str | None]
    address: Mapped[str] = mapped_column(default="")
    provider: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    began_at: Mapped[float]
    day: Mapped[int]
    ended_at: Mapped[float | None]
    state: Mapped[str | None]
    code: Mapped[str | None]
    prompt_characters: Mapped[int] = mapped_column(default=0)
    answer_characters: Mapped[int] = mapped_column(default=0)
    prompt_tokens: Mapped[int | None]
    answer_tokens: Mapped[int | None]
    cost: Mapped[float] = mapped_column(default=0.0)
    kind: Mapped[str] = mapped_column(default="telling")


class Event(Base):
    """One entry of a telling's log. `data` is one line of JSON, kept byte for byte."""

    __tablename__ = "events"
    scene_id: Mapped[str] = mapped_column(ForeignKey("scenes.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    data: Mapped[str]


class Source(Base):
    """A fragment that was laid before the storyteller of a scene."""

    __tablename__ = "sources"
    scene_id: Mapped[str] = mapped_column(ForeignKey("scenes.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    fragment_id: Mapped[str] = mapped_column(ForeignKey("fragments.id"), index=True)
    score: Mapped[float]
    reasons: Mapped[dict[str, Any]]


class Thread(Base):
    """A sentence [start, end) of a scene tied to a fragment; `rank` 1 is the strongest tie of its sentence."""

    __tablename__ = "threads"
    scene_id: Mapped[str] = mapped_column(ForeignKey("scenes.id"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int]
    fragment_id: Mapped[str] = mapped_column(ForeignKey("fragments.id"), index=True)
    strength: Mapped[float]


class CopiedRun(Base):
    """Twelve or more words in a row of a scene that stand in a fragment as well; fragment offsets count within its
    text.
    """

    __tablename__ = "copied_runs"
    scene_id: Mapped[str] = mapped_column(ForeignKey("scenes.id"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int]
    fragment_id: Mapped[str] = mapped_column(ForeignKey("fragments.id"))
    fragment_start: Mapped[int]
    fragment_end: Mapped[int]
    words: Mapped[int]


class Memory(Base):
    """What a told scene leaves for the next: `held` is a dream.storytelling.memory.record.Memory, {} while it waits to
    be made. A claim that is too old was its maker's end.
    """

    __tablename__ = "memories"
    __table_args__ = (Index("memories_by_state", "state", "claimed_at"),)
    scene_id: Mapped[str] = mapped_column(ForeignKey("scenes.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="waiting")
    claimed_at: Mapped[float] = mapped_column(default=0.0)
    tries: Mapped[int] = mapped_column(default=0)
    made_by: Mapped[str] = mapped_column(default="")
    held: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[float] = mapped_column(default=time.time)
    request_id: Mapped[str] = mapped_column(default="")


class Correction(Base):
    """What the reader says of somebody in a story, in all its branches: it wins over what was read from the text.
    `name` is what the text calls them, `called` what the reader does; `left_out` takes them out of the cast.
    """

    __tablename__ = "corrections"
    story_id: Mapped[str] = mapped_column(ForeignKey("stories.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    called: Mapped[str]
    role: Mapped[str] = mapped_column(default="")
    traits: Mapped[list[Any]] = mapped_column(default=list)
    left_out: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(default=time.time)


class ReaderLink(Base):
    """A link that opens an anonymous reader's library in another browser. `secret` is the hash of what it holds."""

    __tablename__ = "reader_links"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reader_id: Mapped[str] = mapped_column(ForeignKey("readers.id"), index=True)
    secret: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)
    used_at: Mapped[float | None]
