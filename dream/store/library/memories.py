"""Queries over memories: what told scenes leave for the next ones, and what the reader says of a story's people."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database


class Memories:
    def __init__(self, database: Database) -> None:
        self._database = database

    def memory(self, scene_id: str) -> models.Memory | None:
        with self._database.read() as session:
            return session.get(models.Memory, scene_id)

    def of(self, scene_ids: Sequence[str]) -> dict[str, models.Memory]:
        """The memories of these scenes, made or waiting, by scene."""
        query = select(models.Memory).where(models.Memory.scene_id.in_(scene_ids))
        with self._database.read() as session:
            return {memory.scene_id: memory for memory in session.scalars(query)}

    # Making one

    def claim(self, lapsed: float) -> str | None:
        """Takes the scene that has waited longest for its memory, or whose maker has said nothing since `lapsed`."""
        memory = models.Memory
        unclaimed = or_(memory.claimed_at == 0, memory.claimed_at < lapsed)
        next_ = select(memory.scene_id).where(memory.state == "waiting", unclaimed).order_by(memory.created_at).limit(1)
        with self._database.write() as session:
            statement = (
                update(memory)
                .where(memory.scene_id == next_.scalar_subquery())
                .values(claimed_at=time.time(), tries=memory.tries + 1)
                .returning(memory.scene_id)
            )
            return session.scalar(statement)

    def is_waited_for(self, lapsed: float) -> bool:
        """Whether a scene could be claimed. Asked before `claim`, which takes the write lock to find out."""
        memory = models.Memory
        unclaimed = or_(memory.claimed_at == 0, memory.claimed_at < lapsed)
        with self._database.read() as session:
            return (
                session.scalar(select(memory.scene_id).where(memory.state == "waiting", unclaimed).limit(1)) is not None
            )

    def release(self) -> None:
        """Gives back what is claimed and not made: whoever had it is gone."""
        with self._database.write() as session:
            session.execute(update(models.Memory).where(models.Memory.state == "waiting").values(claimed_at=0.0))

    def keep(self, scene_id: str, held: dict[str, Any], made_by: str) -> None:
        with self._database.write() as session:
            statement = update(models.Memory).where(models.Memory.scene_id == scene_id)
            session.execute(statement.values(state="made", held=held, made_by=made_by))

    def keep_derived(self, held: dict[str, dict[str, Any]], made_by: str) -> None:
        """Keeps memories of scenes that nobody asked for; one that was asked for meanwhile is left to its maker."""
        rows = [{"scene_id": id_, "state": "made", "made_by": made_by, "held": memory} for id_, memory in held.items()]
        with self._database.write() as session:
            known = set(session.scalars(select(models.Memory.scene_id).where(models.Memory.scene_id.in_(held))))
            session.add_all(models.Memory(**row) for row in rows if row["scene_id"] not in known)

    def begun(self) -> AbstractContextManager[Session]:
        """A transaction for what is entered beside a memory."""
        return self._database.write()

    # The reader's own word

    def corrections(self, story_id: str) -> list[models.Correction]:
        query = select(models.Correction).where(models.Correction.story_id == story_id)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.Correction.created_at, models.Correction.name)))

    def correct(self, story_id: str, name: str, **said: Any) -> None:
        """Puts down what the reader says of somebody, in place of what they said before."""
        with self._database.write() as session:
            session.merge(models.Correction(story_id=story_id, name=name, **said))

    def take_back(self, story_id: str, name: str) -> None:
        """Forgets what the reader said of somebody; the text has the word again."""
        mine = (models.Correction.story_id == story_id, models.Correction.name == name)
        with self._database.write() as session:
            session.execute(delete(models.Correction).where(*mine))


# What belongs into the transaction that ends a scene


def ask(session: Session, scene_id: str, request_id: str) -> None:
    """Asks for the memory of a scene, once, for the request that had it told."""
    if session.get(models.Memory, scene_id) is None:
        session.add(models.Memory(scene_id=scene_id, request_id=request_id))
