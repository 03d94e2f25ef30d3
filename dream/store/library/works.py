"""Queries over corpora, works and their versions."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, bindparam, delete, func, insert, select, union, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database
from dream.store.files import Files
from dream.store.ids import fragment_id
from dream.store.library.indexes import Words, forget, reading, store_words
from dream.store.library.jobs import ACTIVE, hold

Outcome = Literal["new", "replaced"]

# Made once: putting a statement together costs more than running it. Its ids are given when it is run.
_WITHDRAWN = select(models.Work.id).where(
    models.Work.id.in_(bindparam("ids", expanding=True)), models.Work.live_version_id.is_(None)
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A fragment about to be stored."""

    heading: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """A corpus and how much stands on it."""

    id: str
    name: str
    works: int
    fragments: int
    languages: tuple[str, ...]
    title: str = ""
    public: bool = True
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A version about to be stored. `about` is what its file says of it, by the names of a work's columns; `sections`
    are (heading, start, end); `notices` are what its author should know.
    """

    text: str
    about: dict[str, Any]
    sections: Sequence[tuple[str, int, int]]
    pieces: Sequence[Piece]
    notices: list[str]


class Works:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Corpora

    def corpus_named(self, name: str) -> models.Corpus:
        """The corpus of that name, made if there is none."""
        with self._database.write() as session:
            corpus = session.scalar(select(models.Corpus).where(models.Corpus.name == name))
            if corpus is None:
                corpus = models.Corpus(name=name, title=name, owner_id=None)
                session.add(corpus)
            return corpus

    # Works

    def works(self, corpus_id: str) -> list[models.Work]:
        """The live works of a corpus by title."""
        query = select(models.Work).where(models.Work.corpus_id == corpus_id, models.Work.live_version_id.is_not(None))
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.Work.title, models.Work.id)))

    def titles(self, corpus_id: str, limit: int) -> list[tuple[str, str]]:
        """(id, title) of the first live works of a corpus by title."""
        query = select(models.Work.id, models.Work.title).where(
            models.Work.corpus_id == corpus_id, models.Work.live_version_id.is_not(None)
        )
        with self._database.read() as session:
            rows = session.execute(query.order_by(models.Work.title, models.Work.id).limit(limit))
            return [(id_, title) for id_, title in rows]

    def licences(self, corpus_id: str) -> list[str]:
        """The licences of the live works of a corpus, as they say them."""
        query = (
            select(models.Work.licence)
            .distinct()
            .where(
                models.Work.corpus_id == corpus_id, models.Work.live_version_id.is_not(None), models.Work.licence != ""
            )
        )
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.Work.licence)))

    def work(self, work_id: str) -> models.Work | None:
        with self._database.read() as session:
            return session.get(models.Work, work_id)

    def kept(self, *, corpus_id: str | None = None, added_by: str | None = None) -> list[models.Work]:
        """The works of a corpus, or those that an account put on shelves of others, live or not, by title."""
        query = select(models.Work).join(models.Corpus, models.Corpus.id == models.Work.corpus_id)
        if corpus_id is not None:
            query = query.where(models.Work.corpus_id == corpus_id)
        if added_by is not None:
            query = query.where(models.Work.added_by == added_by, models.Corpus.owner_id.is_distinct_from(added_by))
        query = query.where(models.Work.removed_at.is_(None)).order_by(models.Work.title, models.Work.id)
        with self._database.read() as session:
            return list(session.scalars(query))

    def latest_version(self, work_id: str) -> models.Version | None:
        """The last version of a work that was ever live."""
        query = select(models.Version).where(models.Version.work_id == work_id, models.Version.live_at.is_not(None))
        with self._database.read() as session:
            return session.scalar(query.order_by(models.Version.number.desc()).limit(1))

    def withdrawn(self, work_ids: Collection[str]) -> set[str]:
        """Those of the works that no longer have a live version."""
        with self._database.engine.connect() as connection:  # see Fragments
            return set(connection.scalars(_WITHDRAWN, {"ids": list(work_ids)}))

    def text(self, version_id: str) -> str:
        """The whole text of a version, "" for one that is not there."""
        with self._database.read() as session:
            return session.scalar(select(models.Version.text).where(models.Version.id == version_id)) or ""

    def sections(self, version_id: str) -> list[tuple[str, int, int]]:
        """(heading, start, end) of each section of a version, in order."""
        query = select(models.Section).where(models.Section.version_id == version_id)
        with self._database.read() as session:
            found = session.scalars(query.order_by(models.Section.position))
            return [(section.heading, section.start, section.end) for section in found]

    # Versions

    def stage(self, job: models.Job, draft: Draft) -> models.Version:
        """Stores a new version with its sections and fragments; nothing of it is retrieved until `go_live`.

        Raises JobLost where the job is another's by now, or gone.
        """
        with self._database.write() as session:
            work = session.scalar(
                select(models.Work).where(models.Work.corpus_id == job.corpus_id, models.Work.source == job.source)
            )
            if work is None:
                author = session.get(models.Account, job.owner)
                work = models.Work(
                    added_by=author.id if author else None, taken_down_at=None,
                    corpus_id=job.corpus_id, source=job.source, live_version_id=None, title="", author="", language="",
                    licence="",
                )  # fmt: skip
                session.add(work)
            work.numbered = (work.numbered or 0) + 1
            session.flush()
            version = models.Version(
                work_id=work.id, number=work.numbered, sha256=job.sha256, size=job.size, text=draft.text,
                about=draft.about, embedding=None, live_at=None,
            )  # fmt: skip
            session.add(version)
            session.flush()
            _store_parts(session, work.id, version, draft)
            hold(session, job, work_id=work.id, version_id=version.id, notices=draft.notices)
            return version

    def version(self, version_id: str) -> models.Version | None:
        with self._database.read() as session:
            return session.get(models.Version, version_id)

    def go_live(self, job: models.Job, words: Words, model: str | None) -> Outcome:
        """Makes the staged version of a job the one that is retrieved and ends the job, in one step.

        What it replaces is out of every index in SQL with the same step, and noted for removal from the vector store.
        Raises JobLost where the job is another's by now, or gone.
        """
        with self._database.write() as session:
            version = session.get_one(models.Version, job.version_id)
            work = session.get_one(models.Work, version.work_id)
            outcome: Outcome = "replaced" if work.live_version_id else "new"
            hold(session, job, state="live", outcome=outcome, ended_at=time.time())
            take_out(session, work)
            store_words(session, version.id, words)
            work.said = {**work.said, **job.about}
            describe(work, version)
            work.live_version_id = version.id
            version.embedding, version.live_at = model and reading(model), time.time()
            return outcome

    def unchanged(self, job: models.Job) -> bool:
        """Ends a job whose bytes are those of its work's live version already, and takes over what its author says of
        it; False where they are not.
        """
        with self._database.write() as session:
            work = session.scalar(
                select(models.Work).where(models.Work.corpus_id == job.corpus_id, models.Work.source == job.source)
            )
            live = session.get(models.Version, work.live_version_id) if work and work.live_version_id else None
            if work is None or live is None or live.sha256 != job.sha256:
                return False
            hold(session, job, state="live", outcome="unchanged", work_id=work.id, ended_at=time.time())
            work.said = {**work.said, **job.about}
            describe(work, live)
            return True

    def discard_staged(self) -> int:
        """Removes versions that never went live and that no job will make live, and returns how many there were."""
        with self._database.write() as session:
            staged = list(session.scalars(_staged_for_nobody()))
            for version_id in staged:
                _forget_version(session, version_id)
            return len(staged)

    def staged_for_nobody(self) -> int:
        """How many versions never went live, and no job will make them."""
        with self._database.read() as session:
            return len(list(session.scalars(_staged_for_nobody())))

    # Taking back

    def withdraw(self, work_id: str) -> bool:
        """Takes a work out of retrieval, in one step; its text and file are kept. False where it is not live."""
        with self._database.write() as session:
            work = session.get(models.Work, work_id)
            if work is None or work.live_version_id is None:
                return False
            take_out(session, work)
            return True

    def remove(self, work_id: str) -> list[str]:
        """Removes a work for good, in one step: its texts, fragments and jobs. Gives the SHA-256 of its files.

        What stories cite keeps its id and its place, and loses its words.
        """
        with self._database.write() as session:
            work = session.get_one(models.Work, work_id)
            take_out(session, work)
            session.execute(
                delete(models.Job).where(models.Job.corpus_id == work.corpus_id, models.Job.source == work.source)
            )
            versions = list(session.scalars(select(models.Version).where(models.Version.work_id == work_id)))
            files = [version.sha256 for version in versions]
            work.title = work.author = work.licence = work.summary = ""
            work.tags, work.said, work.source, work.removed_at = [], {}, f"removed {work_id}", time.time()
            session.flush()
            for version in versions:
                if version.live_at is None:
                    _leave(session, work, version)
                _blank(session, version)
            return files

    def live_files(self) -> list[tuple[str, str]]:
        """(title, SHA-256) of every live work's file; works that were read before files were kept are left out."""
        query = (
            select(models.Work.title, models.Version.sha256)
            .join(models.Version, models.Version.id == models.Work.live_version_id)
            .where(models.Version.size > 0)
        )
        with self._database.read() as session:
            return [(title, sha256) for title, sha256 in session.execute(query)]

    def unused_file(self, sha256: str) -> bool:
        """Whether no version and no job needs a source file any more."""
        with self._database.read() as session:
            return _unused(session, sha256)

    def drop_file(self, sha256: str, files: Files) -> None:
        """Removes a source file that no version and no job needs any more."""
        with self._database.write() as session:  # nobody can ask for it meanwhile
            if _unused(session, sha256):
                files.remove(sha256)

    def leave(self, version_id: str) -> None:
        """Notes that vectors of a version may have been written for nothing."""
        with self._database.write() as session:
            if version := session.get(models.Version, version_id):
                _leave(session, session.get_one(models.Work, version.work_id), version)

    def leftovers(self) -> list[tuple[int, str, list[str]]]:
        """(number, corpus id, fragment ids) of all that should be removed from the vector store."""
        with self._database.read() as session:
            return [
                (row.id, row.corpus_id, [fragment_id(row.work_id, row.number, place) for place in range(row.fragments)])
                for row in session.scalars(select(models.Leftover))
            ]

    def cleared(self, number: int) -> None:
        """Notes that a leftover is gone from the vector store."""
        with self._database.write() as session:
            session.execute(delete(models.Leftover).where(models.Leftover.id == number))

    # What the indexes hold of them

    def unembedded(self, model: str) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version that this model has not read yet in this build's form."""
        query = (
            select(models.Work.corpus_id, models.Version.id)
            .join(models.Version, models.Version.id == models.Work.live_version_id)
            .where(models.Version.embedding.is_distinct_from(reading(model)))
        )
        with self._database.read() as session:
            return [(corpus_id, version_id) for corpus_id, version_id in session.execute(query)]

    def unindexed(self) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version that the index of words does not hold."""
        query = (
            select(models.Work.corpus_id, models.Work.live_version_id)
            .join(models.Lexicon, models.Lexicon.version_id == models.Work.live_version_id, isouter=True)
            .where(models.Work.live_version_id.is_not(None), models.Lexicon.key.is_(None))
        )
        with self._database.read() as session:
            return [(corpus_id, str(version_id)) for corpus_id, version_id in session.execute(query)]

    def embedded(self, version_id: str, model: str | None) -> None:
        """Notes that a version's fragments have vectors of this model (or, with None, that they have none)."""
        values = {"embedding": model and reading(model)}
        with self._database.write() as session:
            session.execute(update(models.Version).where(models.Version.id == version_id).values(values))

    def live_versions(self) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version."""
        query = select(models.Work.corpus_id, models.Work.live_version_id).where(
            models.Work.live_version_id.is_not(None)
        )
        with self._database.read() as session:
            return [(corpus_id, str(version_id)) for corpus_id, version_id in session.execute(query)]


def _store_parts(session: Session, work_id: str, version: models.Version, draft: Draft) -> None:
    sections = [
        {"version_id": version.id, "position": position, "heading": heading, "start": start, "end": end}
        for position, (heading, start, end) in enumerate(draft.sections)
    ]
    fragments = [
        {
            "id": fragment_id(work_id, version.number, position),
            "version_id": version.id,
            "position": position,
            "heading": piece.heading,
            "start": piece.start,
            "end": piece.end,
            "text": piece.text,
        }
        for position, piece in enumerate(draft.pieces)
    ]
    if sections:
        session.execute(insert(models.Section), sections)
    if fragments:
        session.execute(insert(models.Fragment), fragments)


def take_out(session: Session, work: models.Work) -> None:
    """Takes a work's live version, where it has one, out of every index; its vectors go later, for certain."""
    if work.live_version_id is not None:
        forget(session, work.live_version_id)
        _leave(session, work, session.get_one(models.Version, work.live_version_id))
        work.live_version_id = None


def _staged_for_nobody() -> Select[str]:
    wanted = select(models.Job.id).where(models.Job.version_id == models.Version.id, models.Job.state.in_(ACTIVE))
    live = select(models.Work.id).where(models.Work.live_version_id == models.Version.id)  # by an older build
    return select(models.Version.id).where(models.Version.live_at.is_(None), ~wanted.exists(), ~live.exists())


def _leave(session: Session, work: models.Work, version: models.Version) -> None:
    fragments = session.scalar(select(func.count()).where(models.Fragment.version_id == version.id)) or 0
    session.add(models.Leftover(corpus_id=work.corpus_id, work_id=work.id, number=version.number, fragments=fragments))


def describe(work: models.Work, version: models.Version) -> None:
    """Says of a work what its file says of itself, and over it what its author does."""
    for name, value in {**version.about, **work.said}.items():
        setattr(work, name, value)


def _forget_version(session: Session, version_id: str) -> None:
    """Removes a version that was never live, and its work where it has no other."""
    version = session.get_one(models.Version, version_id)
    work = session.get_one(models.Work, version.work_id)
    forget(session, version_id)
    _leave(session, work, version)
    session.execute(delete(models.Fragment).where(models.Fragment.version_id == version_id))
    session.execute(delete(models.Section).where(models.Section.version_id == version_id))
    session.execute(delete(models.Version).where(models.Version.id == version_id))
    if not session.scalar(select(models.Version.id).where(models.Version.work_id == work.id).limit(1)):
        session.execute(delete(models.Work).where(models.Work.id == work.id))


def _blank(session: Session, version: models.Version) -> None:
    """Removes the words of a version; fragments that no story cites go altogether."""
    forget(session, version.id)
    version.text, version.about = "", {}
    session.execute(delete(models.Section).where(models.Section.version_id == version.id))
    cited = models.Fragment.id.in_(
        union(*(select(table.fragment_id) for table in (models.Source, models.Thread, models.CopiedRun)))
    )
    mine = models.Fragment.version_id == version.id
    session.execute(delete(models.Fragment).where(mine, ~cited))
    session.execute(update(models.Fragment).where(mine).values(text="", heading=""))


def _unused(session: Session, sha256: str) -> bool:
    version = select(models.Version.id).join(models.Work, models.Work.id == models.Version.work_id)
    used = version.where(models.Version.sha256 == sha256, models.Work.removed_at.is_(None))
    asked = select(models.Job.id).where(models.Job.sha256 == sha256)
    return not (session.scalar(used.limit(1)) or session.scalar(asked.limit(1)))
