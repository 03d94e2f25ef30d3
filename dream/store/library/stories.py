"""Queries over readers and their stories."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select

from dream.store import models
from dream.store.database import Database


class Stories:
    def __init__(self, database: Database) -> None:
        self._database = database

    def new_reader(self) -> str:
        with self._database.write() as session:
            reader = models.Reader()
            session.add(reader)
            session.flush()
            return reader.id

    def reader_exists(self, reader_id: str) -> bool:
        with self._database.read() as session:
            return session.get(models.Reader, reader_id) is not None

    def begin(
        self, reader_id: str, corpus_id: str, brief: dict[str, Any], seed: int
    ) -> tuple[models.Story, models.Scene]:
        """Writes a story and its first scene in one transaction; the scene is queued."""
        with self._database.write() as session:
            story = models.Story(reader_id=reader_id, corpus_id=corpus_id, brief=brief)
            session.add(story)
            session.flush()
            scene = _scene(story.id, None, "", seed)
            session.add(scene)
            session.flush()
            return story, scene

    def add_scene(self, story_id: str, parent_id: str | None, direction: str, seed: int) -> models.Scene:
        """A further scene of a story: under `parent_id`, or another first one (None)."""
        with self._database.write() as session:
            scene = _scene(story_id, parent_id, direction, seed)
            session.add(scene)
            session.flush()
            return scene

    def story(self, story_id: str) -> models.Story | None:
        with self._database.read() as session:
            return session.get(models.Story, story_id)

    def of_reader(self, reader_id: str, limit: int = 20) -> list[models.Story]:
        """A reader's stories, newest first."""
        query = (
            select(models.Story)
            .where(models.Story.reader_id == reader_id)
            .order_by(models.Story.created_at.desc())
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(query))


def _scene(story_id: str, parent_id: str | None, direction: str, seed: int) -> models.Scene:
    now = time.time()
    return models.Scene(
        story_id=story_id, parent_id=parent_id, direction=direction, seed=seed, heartbeat_at=now, created_at=now,
        finish=None, code=None, usage=None, ended_at=None,
    )  # fmt: skip
