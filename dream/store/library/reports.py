"""Queries over reports of works and stories, and taking down what they are about."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select, update

from dream.store import models
from dream.store.database import Database
from dream.store.library.works import take_out

Kind = Literal["work", "story"]
OPEN_AT_ONCE = 20
"""Open reports that one reader may have."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report with what it is about: its title, or a story's premise; "" where that is gone. `key` opens a story that
    is shared still.
    """

    report: models.Report
    title: str
    taken_down: bool
    key: str | None = None


class Reports:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: Kind, subject_id: str, words: str, reader_id: str | None) -> None:
        """Keeps a report, unless this reader has told the same already."""
        told = (models.Report.reader_id == reader_id, models.Report.settled_at.is_(None))
        same = select(func.count()).where(*told, models.Report.kind == kind, models.Report.subject_id == subject_id)
        with self._database.write() as session:
            if reader_id and (session.scalar(same) or 0) > 0:
                return
            if reader_id and (session.scalar(select(func.count()).where(*told)) or 0) >= OPEN_AT_ONCE:
                return
            session.add(
                models.Report(
                    kind=kind, subject_id=subject_id, words=words, reader_id=reader_id, settled_at=None, outcome=None
                )
            )

    def report(self, report_id: str) -> models.Report | None:
        with self._database.read() as session:
            return session.get(models.Report, report_id)

    def waiting(self) -> list[Reported]:
        """The reports that nobody has settled, oldest first."""
        query = select(models.Report).where(models.Report.settled_at.is_(None)).order_by(models.Report.created_at)
        with self._database.read() as session:
            found = []
            for report in session.scalars(query):
                if report.kind == "work":
                    work = session.get(models.Work, report.subject_id)
                    found.append(Reported(report, work.title if work else "", bool(work and work.taken_down_at)))
                else:
                    story = session.get(models.Story, report.subject_id)
                    premise = str(story.brief.get("premise", "")) if story else ""
                    down = bool(story and story.taken_down_at)
                    key = story.shared_as if story and not story.put_away_at and not down else None
                    found.append(Reported(report, premise, down, key))
            return found

    def is_reported(self, kind: Kind, subject_id: str) -> bool:
        """Whether an admin has to look at something to settle what was reported of it."""
        waiting = (models.Report.settled_at.is_(None), models.Report.kind == kind)
        query = select(models.Report.id).where(*waiting, models.Report.subject_id == subject_id).limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None

    def settle(self, kind: Kind, subject_id: str, outcome: str) -> None:
        """Closes every open report of one thing."""
        waiting = (models.Report.settled_at.is_(None), models.Report.kind == kind)
        with self._database.write() as session:
            settled = update(models.Report).where(*waiting, models.Report.subject_id == subject_id)
            session.execute(settled.values(settled_at=time.time(), outcome=outcome))

    def take_down(self, kind: Kind, subject_id: str) -> bool:
        """Takes a work out of retrieval, or a story out of what is shared, and settles its reports, in one transaction.
        False where there is nothing of that id.
        """
        now = time.time()
        with self._database.write() as session:
            work, story = models.Work, models.Story
            subject = session.get(work, subject_id) if kind == "work" else session.get(story, subject_id)
            if subject is None:
                return False
            subject.taken_down_at = now
            if isinstance(subject, models.Work):
                take_out(session, subject)
            waiting = (models.Report.kind == kind, models.Report.subject_id == subject_id)
            settled = update(models.Report).where(*waiting, models.Report.settled_at.is_(None))
            session.execute(settled.values(settled_at=now, outcome="taken_down"))
            return True

    def taken_down(self) -> list[models.Work | models.Story]:
        """What was taken down, latest first."""
        with self._database.read() as session:
            found: list[models.Work | models.Story] = []
            for table in (models.Work, models.Story):
                found += session.scalars(select(table).where(table.taken_down_at.is_not(None)))
        return sorted(found, key=lambda one: one.taken_down_at or 0, reverse=True)

    def allow(self, kind: Kind, subject_id: str) -> bool:
        """Takes a take-down back: a work's author may bring it again, a story may be shared again."""
        table = models.Work if kind == "work" else models.Story
        with self._database.write() as session:
            allowed = update(table).where(table.id == subject_id, table.taken_down_at.is_not(None))
            return session.scalar(allowed.values(taken_down_at=None).returning(table.id)) is not None
