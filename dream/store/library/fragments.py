"""Queries over fragments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select

from dream.store import models
from dream.store.database import Database
from dream.store.fragment import Fragment
from dream.store.library.jobs import ACTIVE

_BATCH = 500  # ids in one IN (...)
_FRAGMENTS: Select[*tuple[Any, ...]] = (
    select(
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
    .join_from(models.Fragment, models.Version)
    .join(models.Work, models.Work.id == models.Version.work_id)
)
# Made once: putting a statement together costs more than running it. Its ids are given when it is run.
_NAMED_FRAGMENTS = _FRAGMENTS.where(models.Fragment.id.in_(bindparam("ids", expanding=True)))
_LIVE_FRAGMENTS = _NAMED_FRAGMENTS.where(models.Work.live_version_id == models.Version.id)


class Fragments:
    def __init__(self, database: Database) -> None:
        self._database = database

    def live(self, ids: Sequence[str], *, corpus_id: str | None = None) -> dict[str, Fragment]:
        """The fragments of live versions among `ids` (of one corpus, where named): what is not live is not in the
        answer.
        """
        query = _LIVE_FRAGMENTS
        if corpus_id is not None:
            query = query.where(models.Work.corpus_id == corpus_id)
        return self._by_id(query, ids)

    def ever(self, ids: Sequence[str]) -> dict[str, Fragment]:
        """The fragments among `ids`, of old versions too: what stories that were told before have cited."""
        return self._by_id(_NAMED_FRAGMENTS, ids)

    def of(self, version_id: str) -> list[Fragment]:
        return list(self.keyed(version_id).values())

    def keyed(self, version_id: str) -> dict[int, Fragment]:
        """The fragments of a version by the numbers that the indexes know them by, in their order."""
        query = _FRAGMENTS.add_columns(models.Fragment.key).where(models.Fragment.version_id == version_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(models.Fragment.position))
            return {key: Fragment(*row) for *row, key in rows}

    def live_ids(self, corpus_id: str) -> set[str]:
        """The ids of every live fragment of a corpus."""
        query = (
            select(models.Fragment.id)
            .join(models.Work, models.Work.live_version_id == models.Fragment.version_id)
            .where(models.Work.corpus_id == corpus_id)
        )
        with self._database.read() as session:
            return set(session.scalars(query))

    def staged_ids(self, corpus_id: str) -> set[str]:
        """The ids of fragments whose vectors are being made by jobs."""
        query = (
            select(models.Fragment.id)
            .join(models.Job, models.Job.version_id == models.Fragment.version_id)
            .where(models.Job.corpus_id == corpus_id, models.Job.state.in_(ACTIVE))
        )
        with self._database.read() as session:
            return set(session.scalars(query))

    def _by_id(self, query: Select[*tuple[Any, ...]], ids: Sequence[str]) -> dict[str, Fragment]:
        found: dict[str, Fragment] = {}
        with self._database.engine.connect() as connection:  # rows of no class, so no session either
            for start in range(0, len(ids), _BATCH):
                rows = connection.execute(query, {"ids": list(ids[start : start + _BATCH])}).all()
                found.update((row[0], Fragment(*row)) for row in rows)
        return found
