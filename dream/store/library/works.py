"""Queries over corpora, works, their versions and fragments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from dream.store import models
from dream.store.database import Database
from dream.store.fragment import Fragment
from dream.store.ids import fragment_id
from dream.store.library.indexes import Words, forget, store_words

_BATCH = 500  # ids in one IN (...)
_FRAGMENT = (
    models.Fragment.id,
    models.Work.id,
    models.Version.id,
    models.Fragment.position,
    models.Fragment.start,
    models.Fragment.end,
    models.Fragment.text,
    models.Fragment.heading,
    models.Work.title,
    models.Work.author,
    models.Work.language,
    models.Work.licence,
    models.Work.source,
    models.Work.quotable,
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


@dataclass(frozen=True, slots=True)
class Draft:
    """A version about to be stored, with what its work says of itself. `sections` are (heading, start, end)."""

    source: str
    sha256: str
    text: str
    title: str
    author: str
    language: str
    licence: str
    summary: str
    tags: list[str]
    sections: Sequence[tuple[str, int, int]]
    pieces: Sequence[Piece]


class Works:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Corpora

    def corpus(self, name: str) -> models.Corpus | None:
        with self._database.read() as session:
            return session.scalar(select(models.Corpus).where(models.Corpus.name == name))

    def corpus_named(self, name: str) -> models.Corpus:
        """The corpus of that name, made if there is none."""
        with self._database.write() as session:
            corpus = session.scalar(select(models.Corpus).where(models.Corpus.name == name))
            if corpus is None:
                corpus = models.Corpus(name=name)
                session.add(corpus)
            return corpus

    def shelves(self) -> list[Shelf]:
        """Every corpus with its counts of live works and fragments, by name."""
        works = (
            select(models.Work.corpus_id, func.count(models.Work.id.distinct()), func.count(models.Fragment.key))
            .join(models.Fragment, models.Fragment.version_id == models.Work.live_version_id, isouter=True)
            .where(models.Work.live_version_id.is_not(None))
            .group_by(models.Work.corpus_id)
        )
        spoken = (
            select(models.Work.corpus_id, models.Work.language)
            .where(models.Work.live_version_id.is_not(None))
            .distinct()
        )
        with self._database.read() as session:
            corpora = list(session.scalars(select(models.Corpus).order_by(models.Corpus.name)))
            counts = {corpus_id: (n, m) for corpus_id, n, m in session.execute(works)}
            languages: dict[str, list[str]] = {}
            for corpus_id, language in session.execute(spoken):
                languages.setdefault(corpus_id, []).append(language)
        return [Shelf(c.id, c.name, *counts.get(c.id, (0, 0)), tuple(sorted(languages.get(c.id, [])))) for c in corpora]

    # Works

    def works(self, corpus_id: str) -> list[models.Work]:
        """The live works of a corpus by title."""
        query = select(models.Work).where(models.Work.corpus_id == corpus_id, models.Work.live_version_id.is_not(None))
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.Work.title, models.Work.id)))

    def work(self, work_id: str) -> models.Work | None:
        with self._database.read() as session:
            return session.get(models.Work, work_id)

    def withdrawn(self, work_ids: Collection[str]) -> set[str]:
        """Those of the works that no longer have a live version."""
        query = select(models.Work.id).where(models.Work.id.in_(work_ids), models.Work.live_version_id.is_(None))
        with self._database.read() as session:
            return set(session.scalars(query))

    def text(self, version_id: str) -> str:
        """The whole text of a version, "" for one that is not there."""
        with self._database.read() as session:
            return session.scalar(select(models.Version.text).where(models.Version.id == version_id)) or ""

    def live_sha256(self, corpus_id: str, source: str) -> str | None:
        """The hash of the file behind the live version of a work, None where there is none."""
        query = (
            select(models.Version.sha256)
            .join(models.Work, models.Work.live_version_id == models.Version.id)
            .where(models.Work.corpus_id == corpus_id, models.Work.source == source)
        )
        with self._database.read() as session:
            return session.scalar(query)

    # Versions

    def stage(self, corpus_id: str, draft: Draft) -> models.Version:
        """Stores a new version with its sections and fragments; nothing of it is retrieved until `go_live`."""
        with self._database.write() as session:
            work = session.scalar(
                select(models.Work).where(models.Work.corpus_id == corpus_id, models.Work.source == draft.source)
            )
            if work is None:
                work = models.Work(
                    corpus_id=corpus_id,
                    source=draft.source,
                    title=draft.title,
                    author=draft.author,
                    language=draft.language,
                    licence=draft.licence,
                    summary=draft.summary,
                    tags=draft.tags,
                    live_version_id=None,
                )
                session.add(work)
                session.flush()
            number = (
                session.scalar(select(func.max(models.Version.number)).where(models.Version.work_id == work.id)) or 0
            )
            version = models.Version(
                work_id=work.id, number=number + 1, sha256=draft.sha256, text=draft.text, embedding=None
            )
            session.add(version)
            session.flush()
            _store_parts(session, work.id, version, draft)
            return version

    def go_live(self, version: models.Version, draft: Draft, words: Words, embedding: str | None) -> tuple[str, ...]:
        """Makes a staged version the one that is retrieved, in one step; gives the ids of the fragments that it
        replaces.
        """
        with self._database.write() as session:
            work = session.get_one(models.Work, version.work_id)
            old = work.live_version_id
            replaced = _fragment_ids(session, old) if old else ()
            if old:
                forget(session, old)
            store_words(session, version.id, words)
            for name in ("title", "author", "language", "licence", "summary", "tags"):
                setattr(work, name, getattr(draft, name))
            work.live_version_id = version.id
            session.execute(update(models.Version).where(models.Version.id == version.id).values(embedding=embedding))
            return replaced

    def discard_staged(self) -> int:
        """Removes versions that never went live (a process died while reading them) and returns how many there were.

        What a story cites has been live: it stays, even where its work was taken back.
        """
        live = aliased(models.Version)
        cited = (
            select(models.Source.scene_id)
            .join(models.Fragment, models.Fragment.id == models.Source.fragment_id)
            .where(models.Fragment.version_id == models.Version.id)
        )
        query = (
            select(models.Version.id)
            .join(models.Work, models.Work.id == models.Version.work_id)
            .outerjoin(live, live.id == models.Work.live_version_id)
            .where(models.Version.number > func.coalesce(live.number, 0), ~cited.exists())
        )
        with self._database.write() as session:
            staged = list(session.scalars(query))
            for version_id in staged:
                _forget_version(session, version_id)
            return len(staged)

    # Fragments

    def fragments(self, ids: Sequence[str], *, corpus_id: str | None = None) -> dict[str, Fragment]:
        """The fragments of live versions among `ids` (of one corpus, where named): what is not live is not in the
        answer.
        """
        query = _fragments().where(models.Work.live_version_id == models.Version.id)
        if corpus_id is not None:
            query = query.where(models.Work.corpus_id == corpus_id)
        return self._fragments_by_id(query, ids)

    def fragments_ever(self, ids: Sequence[str]) -> dict[str, Fragment]:
        """The fragments among `ids`, of old versions too: what stories that were told before have cited."""
        return self._fragments_by_id(_fragments(), ids)

    def fragments_of(self, version_id: str) -> list[Fragment]:
        query = _fragments().where(models.Fragment.version_id == version_id).order_by(models.Fragment.position)
        with self._database.read() as session:
            return [Fragment(*row) for row in session.execute(query)]

    def unembedded(self, embedding: str) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version whose fragments have no vectors of this model yet."""
        query = (
            select(models.Work.corpus_id, models.Version.id)
            .join(models.Version, models.Version.id == models.Work.live_version_id)
            .where(models.Version.embedding.is_distinct_from(embedding))
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

    def embedded(self, version_id: str, embedding: str | None) -> None:
        """Notes that a version's fragments have vectors of this model (or, with None, that they have none)."""
        with self._database.write() as session:
            session.execute(update(models.Version).where(models.Version.id == version_id).values(embedding=embedding))

    def live_versions(self) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version."""
        query = select(models.Work.corpus_id, models.Work.live_version_id).where(
            models.Work.live_version_id.is_not(None)
        )
        with self._database.read() as session:
            return [(corpus_id, str(version_id)) for corpus_id, version_id in session.execute(query)]

    def live_ids(self, corpus_id: str) -> set[str]:
        """The ids of every live fragment of a corpus."""
        query = (
            select(models.Fragment.id)
            .join(models.Work, models.Work.live_version_id == models.Fragment.version_id)
            .where(models.Work.corpus_id == corpus_id)
        )
        with self._database.read() as session:
            return set(session.scalars(query))

    def keys_of(self, version_id: str) -> list[int]:
        """The keys of a version's fragments, in their order."""
        query = (
            select(models.Fragment.key)
            .where(models.Fragment.version_id == version_id)
            .order_by(models.Fragment.position)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def _fragments_by_id(self, query: Select[*tuple[Any, ...]], ids: Sequence[str]) -> dict[str, Fragment]:
        found: dict[str, Fragment] = {}
        with self._database.read() as session:
            for start in range(0, len(ids), _BATCH):
                rows: Iterator[Row[*tuple[Any, ...]]] = iter(
                    session.execute(query.where(models.Fragment.id.in_(ids[start : start + _BATCH])))
                )
                found.update((row[0], Fragment(*row)) for row in rows)
        return found


def _fragments() -> Select[*tuple[Any, ...]]:
    return (
        select(*_FRAGMENT)
        .join(models.Version, models.Version.id == models.Fragment.version_id)
        .join(models.Work, models.Work.id == models.Version.work_id)
    )


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


def _fragment_ids(session: Session, version_id: str) -> tuple[str, ...]:
    return tuple(session.scalars(select(models.Fragment.id).where(models.Fragment.version_id == version_id)))


def _forget_version(session: Session, version_id: str) -> None:
    work_id = session.scalar(select(models.Version.work_id).where(models.Version.id == version_id))
    forget(session, version_id)
    session.execute(delete(models.Fragment).where(models.Fragment.version_id == version_id))
    session.execute(delete(models.Section).where(models.Section.version_id == version_id))
    session.execute(delete(models.Version).where(models.Version.id == version_id))
    if not session.scalar(select(models.Version.id).where(models.Version.work_id == work_id).limit(1)):
        session.execute(delete(models.Work).where(models.Work.id == work_id))
