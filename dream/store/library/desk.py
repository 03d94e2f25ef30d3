"""Queries of the desk: an author's works with how they stand, and what they may do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from dream.actor import Actor
from dream.errors import Forbidden
from dream.store import models
from dream.store.database import Database
from dream.store.library.jobs import ACTIVE
from dream.store.library.uses import Uses
from dream.store.library.works import describe
from dream.wording import worded


@dataclass(frozen=True, slots=True)
class Row:
    """A work on the desk. `stories` and `sentences` count what leaned on it."""

    work: models.Work
    shelf: models.Corpus
    fragments: int
    stories: int
    sentences: int

    @property
    def live(self) -> bool:
        return self.work.live_version_id is not None


class DeskQueries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def works(self, owner: str) -> list[Row]:
        """The works that an author brought, or that stand on a corpus of theirs, by title; the operator's are the
        house's. Works that were never live are left out: their jobs tell of them.
        """
        been_live = select(models.Version.id).where(
            models.Version.work_id == models.Work.id, models.Version.live_at.is_not(None)
        )
        mine = (
            or_(models.Work.added_by == owner, models.Corpus.owner_id == owner)
            if owner
            else models.Corpus.owner_id.is_(None)
        )
        query = (
            select(models.Work, models.Corpus)
            .join(models.Corpus, models.Corpus.id == models.Work.corpus_id)
            .where(
                mine,
                models.Work.removed_at.is_(None),
                or_(models.Work.live_version_id.is_not(None), been_live.exists()),
            )
            .order_by(models.Work.title, models.Work.id)
        )
        with self._database.read() as session:
            found = [(work, corpus) for work, corpus in session.execute(query)]
            versions = [work.live_version_id for work, _ in found if work.live_version_id]
            fragments: dict[str, int] = {}
            for start in range(0, len(versions), 500):
                counted = select(models.Fragment.version_id, func.count()).where(
                    models.Fragment.version_id.in_(versions[start : start + 500])
                )
                fragments.update((v, n) for v, n in session.execute(counted.group_by(models.Fragment.version_id)))
        used = Uses(self._database).of_works([work.id for work, _ in found])
        return [
            Row(work, corpus, fragments.get(work.live_version_id or "", 0), *used.get(work.id, (0, 0)))
            for work, corpus in found
        ]

    def may_change(self, actor: Actor, work: models.Work) -> bool:
        """Whether a work is the actor's: they brought it, it stands on their corpus, or, for an admin, on the
        house's.
        """
        if actor.role == "operator":
            return True
        if actor.account_id is None:
            return False
        if work.added_by == actor.account_id:
            return True
        with self._database.read() as session:
            corpus = session.get(models.Corpus, work.corpus_id)
        if corpus is None:
            return False
        return corpus.owner_id == actor.account_id or (corpus.owner_id is None and actor.role == "admin")

    def brought(self, owner: str) -> tuple[int, int]:
        """(works, bytes) that an author has brought: what stands or is withdrawn, and what is on its way."""
        kept = (
            select(func.count(models.Work.id.distinct()), func.coalesce(func.sum(models.Version.size), 0))
            .join(models.Version, models.Version.work_id == models.Work.id)
            .where(models.Work.added_by == owner, models.Work.removed_at.is_(None))
        )
        coming = select(func.count(), func.coalesce(func.sum(models.Job.size), 0)).where(
            models.Job.owner == owner, models.Job.state.in_(ACTIVE)
        )
        with self._database.read() as session:
            works, size = session.execute(kept).one()
            jobs, waiting = session.execute(coming).one()
        return works + jobs, size + waiting

    def check_allowed(self, corpus_id: str, source: str) -> None:
        """Raises Forbidden where an admin has taken this work down: bringing it again would put it back."""
        query = select(models.Work.id).where(
            models.Work.corpus_id == corpus_id, models.Work.source == source, models.Work.taken_down_at.is_not(None)
        )
        with self._database.read() as session:
            if session.scalar(query):
                raise Forbidden(
                    worded("%(name)s was taken down by whoever runs this dream. Nothing was changed.", name=source)
                )

    def describe(self, work_id: str, said: dict[str, Any]) -> None:
        """Keeps what an author says of a work, and says it of the work at once."""
        with self._database.write() as session:
            work = session.get_one(models.Work, work_id)
            work.said = {**work.said, **said}
            version = session.scalar(
                select(models.Version).where(models.Version.work_id == work_id).order_by(models.Version.number.desc())
            )
            if version:
                describe(work, version)
