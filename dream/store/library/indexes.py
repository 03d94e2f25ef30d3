"""Queries over the indexes that stand in SQL: postings, readings and meanings of live fragments."""
# ruff: noqa: S608 - only placeholders and our own column names are put into queries

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database


@dataclass(frozen=True, slots=True)
class Words:
    """The index of words of one version, about to be stored: `postings` are (term, entries); `readings` are (terms,
    window ends) in the order of its fragments.
    """

    postings: Sequence[tuple[int, bytes]]
    readings: Sequence[tuple[bytes, bytes]]
    words: int


@dataclass(frozen=True, slots=True)
class MeaningRow:
    """What a model makes of one fragment; see dream.store.models.Meaning."""

    key: int
    pooled: bytes
    windows: bytes
    bounds: bytes
    tokens: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fragment stands: what candidates are told apart by before their texts are needed."""

    key: int
    id: str
    work_id: str
    position: int
    length: int
    author: str
    language: str
    licence: str
    lexicon: int


class Indexes:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Words

    def lexicons(self, corpus_id: str) -> NDArray[np.int64]:
        """(key, fragments, words) of every live version of a corpus, by key: shape (versions, 3)."""
        rows = self._rows(
            'SELECT "key", fragments, words FROM lexicons WHERE corpus_id = ? ORDER BY "key"', [corpus_id]
        )
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    def postings(self, terms: Sequence[int]) -> list[tuple[int, int, bytes]]:
        """(term, lexicon, entries) of every version that holds one of the terms."""
        return self._rows(f"SELECT term, lexicon, entries FROM postings WHERE term IN ({_marks(terms)})", terms)

    def readings(self, keys: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
        """(terms, window ends) of the fragments with these keys."""
        rows = self._rows(f'SELECT "key", terms, windows FROM readings WHERE "key" IN ({_marks(keys)})', keys)
        return {key: (terms, windows) for key, terms, windows in rows}

    def index_words(self, version_id: str, words: Words) -> None:
        """Writes the index of words of a live version anew."""
        with self._database.write() as session:
            store_words(session, version_id, words)

    # Meaning

    def meanings(self, model: str, keys: Sequence[int]) -> dict[int, MeaningRow]:
        query = (
            f'SELECT "key", pooled, windows, bounds, tokens FROM meanings WHERE model = ? AND "key" IN ({_marks(keys)})'
        )
        return {row[0]: MeaningRow(*row) for row in self._rows(query, [model, *keys])}

    def store_meanings(self, model: str, rows: Iterable[MeaningRow]) -> None:
        """Writes what a model makes of fragments; writing twice changes nothing."""
        found = [
            {"key": row.key, "model": model, "pooled": row.pooled, "windows": row.windows, "bounds": row.bounds,
             "tokens": row.tokens}
            for row in rows
        ]  # fmt: skip
        if not found:
            return
        with self._database.write() as session:
            keys = [row["key"] for row in found]
            session.execute(delete(models.Meaning).where(models.Meaning.model == model, models.Meaning.key.in_(keys)))
            session.execute(insert(models.Meaning), found)

    # Places

    def places_by_key(self, corpus_id: str, keys: Sequence[int]) -> list[Place]:
        """The live fragments of a corpus among these keys."""
        return self._places('f."key"', corpus_id, keys)

    def places_by_id(self, corpus_id: str, ids: Sequence[str]) -> list[Place]:
        """The live fragments of a corpus among these ids."""
        return self._places("f.id", corpus_id, ids)

    def has_works(self, corpus_id: str) -> bool:
        query = "SELECT 1 FROM works WHERE corpus_id = ? AND live_version_id IS NOT NULL LIMIT 1"
        return bool(self._rows(query, [corpus_id]))

    def has_postings(self) -> bool:
        return bool(self._rows("SELECT 1 FROM postings LIMIT 1", []))

    def has_fragments(self, corpus_id: str) -> bool:
        """Whether a corpus has a live fragment that should have vectors."""
        query = (
            "SELECT 1 FROM works w JOIN versions v ON v.id = w.live_version_id JOIN fragments f ON f.version_id = v.id "
            "WHERE w.corpus_id = ? AND v.embedding IS NOT NULL LIMIT 1"
        )
        return bool(self._rows(query, [corpus_id]))

    def _places(self, column: str, corpus_id: str, values: Sequence[int] | Sequence[str]) -> list[Place]:
        query = (
            'SELECT f."key", f.id, w.id, f.position, f."end" - f.start, w.author, w.language, w.licence, '
            'coalesce(l."key", 0) FROM fragments f '
            "CROSS JOIN works w LEFT JOIN lexicons l ON l.version_id = f.version_id "  # fragments first: they are few
            f"WHERE w.live_version_id = f.version_id AND w.corpus_id = ? AND {column} IN ({_marks(values)})"
        )
        return [Place(*row) for row in self._rows(query, [corpus_id, *values])]

    def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Rows of a plain query, as the driver gives them: here an ORM statement costs more than its query."""
        connection = self._database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(query, tuple(values))
            return list(cursor.fetchall())
        finally:
            connection.close()

    def forget_dead(self) -> None:
        """Drops whatever the indexes hold of versions that are not live."""
        with self._database.write() as session:
            dead = select(models.Lexicon.version_id).where(
                models.Lexicon.version_id.not_in(
                    select(models.Work.live_version_id).where(models.Work.live_version_id.is_not(None))
                )
            )
            for version_id in list(session.scalars(dead)):
                forget(session, version_id)


def store_words(session: Session, version_id: str, words: Words) -> None:
    """Writes the index of words of a version within a transaction of the caller."""
    _forget_words(session, version_id)
    keys = list(
        session.scalars(
            select(models.Fragment.key)
            .where(models.Fragment.version_id == version_id)
            .order_by(models.Fragment.position)
        )
    )
    corpus_id = session.scalar(
        select(models.Work.corpus_id)
        .join(models.Version, models.Version.work_id == models.Work.id)
        .where(models.Version.id == version_id)
    )
    terms = np.sort(np.array([term for term, _ in words.postings], dtype="<i8"))
    lexicon = models.Lexicon(
        version_id=version_id, corpus_id=corpus_id, fragments=len(keys), words=words.words, terms=terms.tobytes()
    )
    session.add(lexicon)
    session.flush()
    number = lexicon.key
    if words.postings:
        session.execute(
            insert(models.Posting),
            [{"term": term, "lexicon": number, "entries": entries} for term, entries in sorted(words.postings)],
        )
    if keys:
        session.execute(
            insert(models.Reading),
            [
                {"key": key, "lexicon": number, "terms": terms_, "windows": ends}
                for key, (terms_, ends) in zip(keys, words.readings, strict=True)
            ],
        )


def forget(session: Session, version_id: str) -> None:
    """Removes everything that the indexes in SQL hold of a version, within a transaction of the caller."""
    _forget_words(session, version_id)
    keys = select(models.Fragment.key).where(models.Fragment.version_id == version_id)
    session.execute(delete(models.Meaning).where(models.Meaning.key.in_(keys)))


def _forget_words(session: Session, version_id: str) -> None:
    lexicon = session.scalar(select(models.Lexicon).where(models.Lexicon.version_id == version_id))
    keys = select(models.Fragment.key).where(models.Fragment.version_id == version_id)
    session.execute(delete(models.Reading).where(models.Reading.key.in_(keys)))
    if lexicon is None:
        return
    terms = np.frombuffer(lexicon.terms, dtype="<i8").tolist()
    if terms:
        session.execute(
            text("DELETE FROM postings WHERE term = :t AND lexicon = :l"), [{"t": t, "l": lexicon.key} for t in terms]
        )
    session.delete(lexicon)
    session.flush()


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
