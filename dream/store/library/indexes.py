"""Queries over the indexes that stand in SQL: postings, readings and meanings of live fragments."""
# ruff: noqa: S608 - only placeholders and our own column names are put into queries

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import CursorResult, Select, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database
from dream.store.library.jobs import ACTIVE
from dream.store.notes import EMBEDDING_MODEL

_BATCH = 500  # keys in one IN (...)


_STANDING = "FROM works w JOIN versions v ON v.work_id = w.id JOIN fragments f ON f.version_id = v.id"
_READ = 'JOIN meanings m ON m."key" = f."key" AND m.model = ?'

FORM = 2
"""The form that a fragment's tokens are stored in, raised when builds of the one before cannot read it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The index of words of one version, about to be stored: `postings` are (term, entries); `readings` are (terms,
    window ends) in the order of its fragments.
    """

    postings: Sequence[tuple[int, bytes]]
    readings: Sequence[tuple[bytes, bytes]]
    words: int


class MeaningRow(NamedTuple):
    """What a model makes of one fragment; see dream.store.models.Meaning. Without `bounds` and `tokens` where a build
    of another form made it.
    """

    key: int
    pooled: bytes
    windows: bytes
    bounds: bytes | None
    tokens: bytes | None


class Place(NamedTuple):
    """Where a fragment stands: what candidates are told apart by before their texts are needed."""

    key: int
    id: str
    work_id: str
    position: int
    length: int
    author: str
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

    def index_words(self, version_id: str, words: Words) -> bool:
        """Writes the index of words of a version anew; False where it is not live any more, and nothing is written."""
        with self._database.write() as session:
            live = select(models.Work.id).where(models.Work.live_version_id == version_id)
            if session.scalar(live) is None:
                return False
            store_words(session, version_id, words)
            return True

    def with_meanings(self, model: str, keys: Sequence[int]) -> set[int]:
        """Those of the fragments that a model has read, in this build's form."""
        found: set[int] = set()
        for start in range(0, len(keys), _BATCH):
            part = keys[start : start + _BATCH]
            query = (
                f'SELECT "key" FROM meanings WHERE model = ? AND word_vectors NOT NULL AND "key" IN ({_marks(part)})'
            )
            found.update(row[0] for row in self._rows(query, [model, *part]))
        return found

    # Meaning

    def meanings(self, model: str, keys: Sequence[int]) -> dict[int, MeaningRow]:
        query = (
            'SELECT "key", pooled, windows, word_bounds, word_vectors FROM meanings '
            f'WHERE model = ? AND "key" IN ({_marks(keys)})'
        )
        return {row[0]: MeaningRow(*row) for row in self._rows(query, [model, *keys])}

    def store_meanings(self, model: str, rows: Iterable[MeaningRow]) -> None:
        """Writes what a model makes of fragments; writing twice changes nothing. Fragments that are gone, or neither
        live nor on their way there, are passed over.
        """
        found: list[dict[str, Any]] = [
            {"key": row.key, "model": model, "pooled": row.pooled, "windows": row.windows, "word_bounds": row.bounds,
             "word_vectors": row.tokens}
            for row in rows
        ]  # fmt: skip
        if not found:
            return
        with self._database.write() as session:
            keys = _wanted(session, [row["key"] for row in found])
            session.execute(delete(models.Meaning).where(models.Meaning.model == model, models.Meaning.key.in_(keys)))
            if keys:
                session.execute(insert(models.Meaning), [row for row in found if row["key"] in keys])

    # Small corpora, whose vectors are read from here

    def is_scanned(self, corpus_id: str) -> bool:
        """Whether a corpus has its vectors here alone."""
        rows = self._rows("SELECT scanned FROM corpora WHERE id = ?", [corpus_id])
        return bool(rows and rows[0][0])

    def size(self, corpus_id: str) -> int:
        """How many fragments a corpus has, those of old and staged versions as well."""
        query = f"SELECT count(*) {_STANDING} WHERE w.corpus_id = ?"
        return int(self._rows(query, [corpus_id])[0][0])

    def models_of(self, corpus_id: str) -> list[str]:
        """The models that made something of a corpus's fragments."""
        query = f'SELECT DISTINCT m.model {_STANDING} JOIN meanings m ON m."key" = f."key" WHERE w.corpus_id = ?'
        return [row[0] for row in self._rows(query, [corpus_id])]

    def pooled(self, model: str, corpus_id: str) -> list[tuple[str, bytes]]:
        """(id, pooled vector in int8) of every fragment of a corpus that a model has read."""
        query = f"SELECT f.id, m.pooled {_STANDING} {_READ} WHERE w.corpus_id = ?"
        return self._rows(query, [model, corpus_id])

    def ids_with_meanings(self, model: str, corpus_id: str) -> set[str]:
        """The ids of all fragments of a corpus that a model has read."""
        query = f"SELECT f.id {_STANDING} {_READ} WHERE w.corpus_id = ?"
        return {row[0] for row in self._rows(query, [model, corpus_id])}

    def forget_meanings(self, version_id: str) -> None:
        """Drops what every model made of a version's fragments."""
        keys = select(models.Fragment.key).where(models.Fragment.version_id == version_id)
        with self._database.write() as session:
            session.execute(delete(models.Meaning).where(models.Meaning.key.in_(keys)))

    def unread_by(self, model: str) -> list[tuple[str, str]]:
        """(corpus id, version id) of every live version with a fragment that this model has not read."""
        with self._database.read() as session:
            return [(corpus_id, str(version_id)) for corpus_id, version_id in session.execute(_unread_by(model))]

    def switch(self, model: str) -> bool:
        """Notes, in one step, that every live version was read by this model; False where one was not."""
        live = select(models.Work.live_version_id).where(models.Work.live_version_id.is_not(None))
        with self._database.write() as session:
            if session.execute(_unread_by(model).limit(1)).first():
                return False
            session.execute(update(models.Version).where(models.Version.id.in_(live)).values(embedding=reading(model)))
            session.merge(models.Note(name=EMBEDDING_MODEL, value=model))
            return True

    def keep_only(self, model: str) -> None:
        """Removes what every other model made of fragments."""
        self._forget("model <> :model", model)

    def forget_model(self, model: str) -> None:
        """Removes what a model made of fragments."""
        self._forget("model = :model", model)

    def _forget(self, which: str, model: str) -> None:
        """Some at a time, so that others may write meanwhile."""
        some = f'SELECT "key" FROM meanings WHERE {which} LIMIT 1000'
        query = text(f'DELETE FROM meanings WHERE {which} AND "key" IN ({some})')
        removed = 1
        while removed:
            with self._database.write() as session:
                removed = cast("CursorResult[Any]", session.execute(query, {"model": model})).rowcount

    # Places

    def places_by_key(self, corpus_id: str, keys: Sequence[int]) -> list[Place]:
        """The live fragments of a corpus among these keys."""
        return self._places('f."key"', corpus_id, keys)

    def places_by_id(self, corpus_id: str, ids: Sequence[str]) -> list[Place]:
        """The live fragments of a corpus among these ids."""
        return self._places("f.id", corpus_id, ids)

    def works_with(
        self, corpus_id: str, *, work: str | None, language: str | None, licence: str | None
    ) -> dict[str, int]:
        """The live works of a corpus with these, None for any, and the key of each one's lexicon, 0 for none."""
        query = (
            'SELECT w.id, coalesce(l."key", 0) FROM works w LEFT JOIN lexicons l ON l.version_id = w.live_version_id '
            "WHERE w.corpus_id = ? AND w.live_version_id IS NOT NULL"
        )
        wanted = {"id": work, "language": language, "licence": licence}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        query += "".join(f" AND w.{name} = ?" for name in wanted)
        return dict(self._rows(query, [corpus_id, *wanted.values()]))

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
            'SELECT f."key", f.id, w.id, f.position, f."end" - f.start, w.author, '
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

    def dead(self) -> int:
        """How many versions the index of words holds that are not live."""
        with self._database.read() as session:
            return len(list(session.scalars(_dead())))

    def torn(self) -> list[tuple[str, str]]:
        """(corpus id, version id) of live versions of which the index of words lacks a part."""
        held = {
            table: select(table.lexicon, func.count().label("held")).group_by(table.lexicon).subquery()
            for table in (models.Posting, models.Reading)
        }
        postings, readings = held.values()
        whole = (func.coalesce(readings.c.held, 0) == models.Lexicon.fragments) & (
            func.coalesce(postings.c.held, 0) * 8 == func.length(models.Lexicon.terms)
        )
        query = (
            select(models.Work.corpus_id, models.Lexicon.version_id)
            .join(models.Work, models.Work.live_version_id == models.Lexicon.version_id)
            .join(postings, postings.c.lexicon == models.Lexicon.key, isouter=True)
            .join(readings, readings.c.lexicon == models.Lexicon.key, isouter=True)
            .where(~whole)
        )
        with self._database.read() as session:
            return [(corpus_id, version_id) for corpus_id, version_id in session.execute(query)]

    def forget_dead(self) -> None:
        """Drops whatever the indexes hold of versions that are not live."""
        with self._database.write() as session:
            for version_id in list(session.scalars(_dead())):
                forget(session, version_id)


def _dead() -> Select[str]:
    live = select(models.Work.id).where(models.Work.live_version_id == models.Lexicon.version_id)
    return select(models.Lexicon.version_id).where(~live.exists())


def _wanted(session: Session, keys: Sequence[int]) -> set[int]:
    """Those of the fragments that are live or staged by a job."""
    live = select(models.Work.id).where(models.Work.live_version_id == models.Fragment.version_id)
    staged = select(models.Job.id).where(
        models.Job.version_id == models.Fragment.version_id, models.Job.state.in_(ACTIVE)
    )
    query = select(models.Fragment.key).where(models.Fragment.key.in_(keys), live.exists() | staged.exists())
    return set(session.scalars(query))


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


def reading(model: str) -> str:
    """What a version notes of the model that has read it, and in which form."""
    return f"{model}, form {FORM}"


def _unread_by(model: str) -> Select[str, str | None]:
    read = (
        (models.Meaning.key == models.Fragment.key)
        & (models.Meaning.model == model)
        & models.Meaning.word_vectors.is_not(None)
    )
    unread = (
        select(models.Fragment.key)
        .outerjoin(models.Meaning, read)
        .where(models.Fragment.version_id == models.Work.live_version_id, models.Meaning.key.is_(None))
    )
    return select(models.Work.corpus_id, models.Work.live_version_id).where(unread.exists())


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
