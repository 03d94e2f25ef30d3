"""The tables. SQL is the truth: vectors, the lexical index and every page are made from these rows.

Times are seconds since the epoch, UTC. Offsets are code points of the stored text.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dream.store.ids import new_id


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON}


class Note(Base):
    """What the data says of itself: the oldest schema that can still serve it, among others."""

    __tablename__ = "notes"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Corpus(Base):
    __tablename__ = "corpora"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Work(Base):
    """One text of a corpus, known by the name of the file it came from. Retrieved only while it has a live version."""

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
    created_at: Mapped[float] = mapped_column(default=time.time)


class Version(Base):
    """What a work said at one time. `embedding` names the model whose vectors its fragments have, None before they
    have any.
    """

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("work_id", "number"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    work_id: Mapped[str] = mapped_column(ForeignKey("works.id"))
    number: Mapped[int]
    sha256: Mapped[str]
    text: Mapped[str]
    embedding: Mapped[str | None]
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
    """What one embedding model makes of a fragment, in int8: its vector, those of its windows, and its content words'
    tokens in the model's reduced token space; `bounds` says where each window ends among the tokens (uint16).
    """

    __tablename__ = "meanings"
    key: Mapped[int] = mapped_column(ForeignKey("fragments.key"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    pooled: Mapped[bytes]
    windows: Mapped[bytes]
    bounds: Mapped[bytes]
    tokens: Mapped[bytes]


class Reader(Base):
    __tablename__ = "readers"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Story(Base):
    """A tree of scenes that share a brief (as the reader sent it) and a seed."""

    __tablename__ = "stories"
    __table_args__ = (Index("stories_of_reader", "reader_id", "created_at"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reader_id: Mapped[str] = mapped_column(ForeignKey("readers.id"))
    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpora.id"))
    brief: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Scene(Base):
    """One told stretch. `epoch` counts the tellings begun on it: only the latest may end it. `finish` is saved
    before threads are made.
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
    storyteller: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    finish: Mapped[str | None]
    code: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    created_at: Mapped[float] = mapped_column(default=time.time)
    ended_at: Mapped[float | None]


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
