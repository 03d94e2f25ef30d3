"""The ledger: a line for each telling, from before it begins; for quotas, for what was spent, and for admins.

It holds no words, and outlives the story: sizes and outcomes are kept when a reader's stories are deleted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from sqlalchemy import Select, Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database

HOUR_SECONDS = 3600
DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Spent:
    """What somebody has had told: how many stories are being told to them now, how many began within an hour, and the
    characters told to them within a day.
    """

    at_once: int
    hourly: int
    daily_characters: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day's tellings, all in all; `day` counts days since the epoch, UTC."""

    day: int
    tellings: int
    failed: int
    prompt_characters: int
    answer_characters: int
    prompt_tokens: int
    answer_tokens: int
    cost: float


class Ledger:
    def __init__(self, database: Database) -> None:
        self._database = database

    def days(self, since: float) -> list[Day]:
        """Usage by day, oldest first; days without any are left out."""
        line = models.LedgerLine
        summed = (line.prompt_characters, line.answer_characters, line.prompt_tokens, line.answer_tokens, line.cost)
        telling = line.kind == "telling"
        failed = func.count().filter(telling, line.code.is_not(None))
        columns: list[Any] = [line.day, func.count().filter(telling), failed]
        columns += [func.coalesce(func.sum(column), 0) for column in summed]
        query = select(*columns).where(line.began_at >= since).group_by(line.day).order_by(line.day)
        with self._database.read() as session:
            return [Day(*row) for row in session.execute(query)]

    def failures(self, limit: int = 20) -> list[models.LedgerLine]:
        """The latest tellings that went wrong, newest first."""
        line = models.LedgerLine
        query = select(line).where(line.kind == "telling", line.code.is_not(None))
        query = query.order_by(line.began_at.desc()).limit(limit)
        with self._database.read() as session:
            return list(session.scalars(query))

    def running(self) -> list[models.LedgerLine]:
        """The tellings of all processes that have not ended, oldest first."""
        line = models.LedgerLine
        with self._database.read() as session:
            live = select(line).where(line.kind == "telling", line.ended_at.is_(None))
            return list(session.scalars(live.order_by(line.began_at)))

    def line(self, scene_id: str) -> models.LedgerLine | None:
        with self._database.read() as session:
            return session.get(models.LedgerLine, scene_id)


# What belongs into another transaction. A story's beginning waits for most of it, so its statements are made once.

Whose = Literal["reader_id", "account_id", "address"]
"""What the lines of somebody are known by."""

_LINES = cast("Table", models.LedgerLine.__table__)
_ENTER = insert(_LINES)
_NAME = (
    update(_LINES)
    .where(_LINES.c.scene_id == bindparam("line"))
    .values(provider=bindparam("by"), name=bindparam("teller"), prompt_characters=bindparam("characters"))
)


def _spent(whose: Whose) -> Select[int, int, int]:
    is_telling = _LINES.c.kind == "telling"
    return select(
        func.count().filter(is_telling, _LINES.c.ended_at.is_(None)),
        func.count().filter(is_telling, _LINES.c.began_at > bindparam("hour")),
        func.coalesce(func.sum(_LINES.c.answer_characters), 0),
    ).where(_LINES.c[whose] == bindparam("who"), _LINES.c.began_at > bindparam("day"))


_SPENT = {whose: _spent(whose) for whose in get_args(Whose)}


def spent(session: Session, whose: Whose, who: str) -> Spent:
    """What the lines of somebody come to just now."""
    now = time.time()
    row = session.execute(_SPENT[whose], {"who": who, "hour": now - HOUR_SECONDS, "day": now - DAY_SECONDS}).one()
    return Spent(*row)


def cost_since(session: Session, began_at: float) -> float:
    """What was spent, counting a telling that has not ended as what it may cost at most."""
    query = select(func.coalesce(func.sum(models.LedgerLine.cost), 0.0)).where(models.LedgerLine.began_at >= began_at)
    return float(session.scalar(query) or 0.0)


def enter(session: Session, scene_id: str, began_at: float, **values: Any) -> None:
    day = int(began_at // DAY_SECONDS)
    session.execute(_ENTER, {"scene_id": scene_id, "began_at": began_at, "day": day, **values})


def enter_memory(session: Session, scene_id: str, **values: Any) -> None:
    """Enters what a model is asked about a scene after it was told; once more where it was broken off."""
    now = time.time()
    line = models.LedgerLine(
        scene_id=of_memory(scene_id), kind="memory", began_at=now, day=int(now // DAY_SECONDS), ended_at=None,
        state=None, code=None, prompt_tokens=None, answer_tokens=None, **values,
    )  # fmt: skip
    session.merge(line)


def of_memory(scene_id: str) -> str:
    """The key of the line of a scene's memory."""
    return f"{scene_id}/memory"


def name(session: Session, scene_id: str, provider: str, teller: str, prompt_characters: int) -> None:
    """Notes who tells, and the size of what they were asked."""
    values = {"line": scene_id, "by": provider, "teller": teller, "characters": prompt_characters}
    session.execute(_NAME, values)


def settle(session: Session, scene_id: str, **values: Any) -> None:
    """Ends a line."""
    values["ended_at"] = time.time()
    session.execute(update(models.LedgerLine).where(models.LedgerLine.scene_id == scene_id).values(**values))
