"""Queries over jobs: whose turn it is, how far each has come, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, delete, func, select, text, true, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database
from dream.store.ids import new_id
from dream.wording import worded

WAITING = "queued"
AT_WORK = ("parsing", "splitting", "embedding", "indexing", "verifying")
"""What a job is while somebody is at it, in this order."""
ACTIVE = (WAITING, *AT_WORK)
ENDED = ("live", "failed", "cancelled")
ATTEMPTS = 3

# Whose author waited longest since their last turn comes first, so that nobody's many files stand before another's one.
# Two jobs of one work never run beside each other. One statement, so that no two workers ever take the same job.
_CLAIM = """
UPDATE jobs SET state = 'parsing', attempt = attempt + 1, tries = tries + 1, worker = :worker, claimed_at = :now,
    beat_at = :now
WHERE id = (
    SELECT waiting.id FROM jobs AS waiting
    WHERE waiting.state = 'queued' AND waiting.claimed_at <= :now AND NOT EXISTS (
        SELECT 1 FROM jobs AS before
        WHERE before.corpus_id = waiting.corpus_id AND before.source = waiting.source AND before.id <> waiting.id
        AND (before.state IN ('parsing', 'splitting', 'embedding', 'indexing', 'verifying')
            OR before.state = 'queued'
            AND (before.created_at < waiting.created_at
                OR before.created_at = waiting.created_at AND before.id < waiting.id)))
    ORDER BY (SELECT coalesce(max(turn.claimed_at), 0) FROM jobs AS turn WHERE turn.owner = waiting.owner),
        waiting.created_at, waiting.id
    LIMIT 1)
RETURNING id
"""

# Past the ORM, where the same step takes 1.7 ms instead of .5: a work has one for every few fragments.
_STEP = text("""
UPDATE jobs SET state = :state, done = :done, of = :of, beat_at = :now
WHERE id = :id AND attempt = :attempt AND state IN ('parsing', 'splitting', 'embedding', 'indexing', 'verifying')
RETURNING cancel_asked
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that somebody wants read; it is in the folder of source files by now."""

    source: str
    sha256: str
    size: int
    about: dict[str, Any] = field(default_factory=dict)


class JobLost(Exception):
    """A job that somebody works at is another's by now, or gone: what was done for it does not count."""


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Asking

    def ask(self, corpus_id: str, owner: str, files: Sequence[Asked], batch: str = "") -> list[models.Job]:
        """Writes a job for each file, all of them or none, to last: what this has returned from is kept. They are a
        batch of their own, or join one.

        A file whose bytes the live version of its work has already is done at once: live, and its outcome unchanged.
        """
        batch, now = batch or new_id(), time.time()
        with self._database.write(lasting=True) as session:
            jobs = [
                models.Job(
                    batch=batch, owner=owner, corpus_id=corpus_id, source=file.source, sha256=file.sha256,
                    size=file.size, about=file.about, created_at=now + place * 1e-6,
                )
                for place, file in enumerate(files)
            ]  # fmt: skip
            for job in jobs:
                if work := _unchanged(session, job):
                    job.state, job.outcome, job.ended_at = "live", "unchanged", now
                    job.work_id, job.version_id = work.id, work.live_version_id
                session.add(job)
                session.flush()
            return jobs

    # Working

    def claim(self, worker: str) -> models.Job | None:
        """Takes the next job, in turns between authors; None where nothing waits that could be begun."""
        with self._database.write() as session:
            id_ = session.execute(text(_CLAIM), {"worker": worker, "now": time.time()}).scalar()
            return session.get(models.Job, id_) if id_ else None

    def step(self, job: models.Job, state: str, done: int = 0, of: int = 0) -> bool:
        """Says how far a claimed job has come; True where its author wants it to end. Raises JobLost."""
        values = {"id": job.id, "attempt": job.attempt, "state": state, "done": done, "of": of, "now": time.time()}
        with self._database.write() as session:
            asked = session.connection().execute(_STEP, values).scalar()
        if asked is None:
            raise JobLost
        return bool(asked)

    def beat(self, worker: str) -> None:
        """Says that the jobs of a worker are alive."""
        with self._database.write() as session:
            session.execute(
                update(models.Job)
                .where(models.Job.worker == worker, models.Job.state.in_(AT_WORK))
                .values(beat_at=time.time())
            )

    def end(self, job: models.Job, state: str, **said: Any) -> bool:
        """Ends a claimed job without its version going live; False where it is another's by now, or gone."""
        with self._database.write() as session:
            statement = _mine(update(models.Job), job).values(state=state, ended_at=time.time(), **said)
            return session.scalar(statement.returning(models.Job.id)) is not None

    def put_back(self, job: models.Job, wait_seconds: float) -> None:
        """Lets a claimed job wait for another attempt."""
        with self._database.write() as session:
            later = {"state": WAITING, "worker": "", "claimed_at": time.time() + wait_seconds}
            session.execute(_mine(update(models.Job), job).values(**later))

    def release(self, job: models.Job) -> None:
        """Lets a claimed job wait again without counting the attempt: its worker is only going home."""
        with self._database.write() as session:
            waiting = {"state": WAITING, "worker": "", "tries": models.Job.tries - 1}
            session.execute(_mine(update(models.Job), job).values(**waiting))

    def put_back_lost(self, *, silent_since: float | None = None, worker: str | None = None) -> int:
        """Lets jobs wait again whose worker is gone: all at work, or those silent since then, or those of one worker.

        Returns how many. One that has been lost three times fails instead.
        """
        lost = and_(
            models.Job.state.in_(AT_WORK),
            true() if silent_since is None else models.Job.beat_at < silent_since,
            true() if worker is None else models.Job.worker == worker,
        )
        with self._database.write() as session:
            session.execute(update(models.Job).where(lost, models.Job.cancel_asked).values(**_cancelled()))
            session.execute(
                update(models.Job)
                .where(lost, models.Job.tries >= ATTEMPTS)
                .values(state="failed", code="given_up", sentence=GIVEN_UP, ended_at=time.time())
            )
            again = update(models.Job).where(lost).values(state=WAITING, worker="").returning(models.Job.id)
            return len(list(session.scalars(again)))

    # Changing one's mind

    def cancel(self, job_id: str) -> bool:
        """Ends a waiting job, or asks the worker of one at work to; False where it has ended already."""
        with self._database.write() as session:
            waiting = update(models.Job).where(models.Job.id == job_id, models.Job.state == WAITING)
            if session.scalar(waiting.values(**_cancelled()).returning(models.Job.id)):
                return True
            at_work = update(models.Job).where(models.Job.id == job_id, models.Job.state.in_(AT_WORK))
            return session.scalar(at_work.values(cancel_asked=True).returning(models.Job.id)) is not None

    def cancel_all(self, owner: str) -> None:
        """Ends every job of an author: what waits at once, what is at work at its next step."""
        with self._database.write() as session:
            cancel_all(session, owner)

    def cancel_of_work(self, corpus_id: str, source: str) -> None:
        """Ends every job that would put a work on the shelf."""
        with self._database.write() as session:
            its = update(models.Job).where(models.Job.corpus_id == corpus_id, models.Job.source == source)
            session.execute(its.where(models.Job.state == WAITING).values(**_cancelled()))
            session.execute(its.where(models.Job.state.in_(AT_WORK)).values(cancel_asked=True))

    def retry(self, job_id: str) -> bool:
        """Lets a failed or cancelled job wait anew; False where it has not ended so."""
        with self._database.write() as session:
            statement = (
                update(models.Job)
                .where(models.Job.id == job_id, models.Job.state.in_(("failed", "cancelled")))
                .values(
                    state=WAITING, tries=0, worker="", cancel_asked=False, done=0, of=0, code=None, sentence=None,
                    ended_at=None, claimed_at=0.0,
                )
            )  # fmt: skip
            return session.scalar(statement.returning(models.Job.id)) is not None

    def remove(self, job_id: str) -> None:
        """Forgets a job in whatever state; a worker at it notices at its next step."""
        with self._database.write() as session:
            session.execute(delete(models.Job).where(models.Job.id == job_id))

    # Looking

    def job(self, job_id: str) -> models.Job | None:
        with self._database.read() as session:
            return session.get(models.Job, job_id)

    def of_batch(self, batch: str) -> list[models.Job]:
        """The jobs that were asked for together, in their order."""
        return self._found(select(models.Job).where(models.Job.batch == batch).order_by(models.Job.created_at))

    def among(self, ids: Sequence[str]) -> dict[str, models.Job]:
        """The jobs with these ids, by id."""
        found: dict[str, models.Job] = {}
        for start in range(0, len(ids), 500):
            query = select(models.Job).where(models.Job.id.in_(ids[start : start + 500]))
            found.update((job.id, job) for job in self._found(query))
        return found

    def of_owner(self, owner: str, *, limit: int = 500) -> list[models.Job]:
        """An author's jobs, newest first."""
        query = select(models.Job).where(models.Job.owner == owner)
        return self._found(query.order_by(models.Job.created_at.desc()).limit(limit))

    def under_way(self, limit: int = 20) -> list[models.Job]:
        """The jobs of all authors that are at work, then those that wait, each in their order."""
        query = select(models.Job).where(models.Job.state.in_(ACTIVE))
        return self._found(query.order_by(models.Job.state == WAITING, models.Job.created_at).limit(limit))

    def failures(self, limit: int = 20) -> list[models.Job]:
        """The latest jobs of all authors that failed, newest first."""
        query = select(models.Job).where(models.Job.state == "failed")
        return self._found(query.order_by(models.Job.ended_at.desc()).limit(limit))

    def active(self, owner: str | None = None) -> int:
        """How many jobs wait or are at work, of all authors or of one."""
        query = select(func.count()).where(models.Job.state.in_(ACTIVE))
        if owner is not None:
            query = query.where(models.Job.owner == owner)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def before(self, job: models.Job) -> int:
        """How many jobs of its author wait before this one."""
        query = select(func.count()).where(
            models.Job.owner == job.owner, models.Job.state == WAITING, models.Job.created_at < job.created_at
        )
        with self._database.read() as session:
            return session.scalar(query) or 0

    def _found(self, query: Select[models.Job]) -> list[models.Job]:
        with self._database.read() as session:
            return list(session.scalars(query))


GIVEN_UP = worded(
    "The file is kept. Reading it was broken off three times, so it was given up. "
    "Try again; where that ends alike, bring it in another format."
)


def cancel_all(session: Session, owner: str) -> None:
    """Ends every job of an author within a transaction of the caller."""
    mine = update(models.Job).where(models.Job.owner == owner)
    session.execute(mine.where(models.Job.state == WAITING).values(**_cancelled()))
    session.execute(mine.where(models.Job.state.in_(AT_WORK)).values(cancel_asked=True))


def hold(session: Session, job: models.Job, **values: Any) -> None:
    """Changes a job within a transaction of the caller, which fails with JobLost where another has it by now."""
    statement = _mine(update(models.Job), job).values(**values).returning(models.Job.id)
    if session.scalar(statement) is None:
        raise JobLost
    for name, value in values.items():
        setattr(job, name, value)


def _mine(statement: Any, job: models.Job) -> Any:
    """Restricts an update to a job that its latest claim still holds."""
    return statement.where(models.Job.id == job.id, models.Job.attempt == job.attempt, models.Job.state.in_(AT_WORK))


def _cancelled() -> dict[str, Any]:
    return {"state": "cancelled", "ended_at": time.time(), "sentence": "Cancelled. What stood before is unchanged."}


def _unchanged(session: Session, job: models.Job) -> models.Work | None:
    """The work that has these very bytes live already, and nothing on its way that would change them."""
    coming = select(models.Job.id).where(
        models.Job.corpus_id == job.corpus_id, models.Job.source == job.source, models.Job.state.in_(ACTIVE)
    )
    return session.scalar(
        select(models.Work)
        .join(models.Version, models.Version.id == models.Work.live_version_id)
        .where(models.Work.corpus_id == job.corpus_id, models.Work.source == job.source)
        .where(models.Version.sha256 == job.sha256, ~coming.exists())
    )
