"""Queries over scenes: who may tell one, how it ends, and what it leans on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database
from dream.store.library import brought

LIVE = ("queued", "telling")
ENDED = ("told", "stopped", "interrupted", "failed")

# Followers come many at once, and each waits for it: made once, and past the ORM, it takes a fifth of the time.
_SCENE, _STORY = models.Scene.__table__.c, models.Story.__table__.c
_WHOSE = (
    select(_SCENE.state, _STORY.reader_id, _STORY.put_away_at)
    .join_from(models.Scene.__table__, models.Story.__table__, _STORY.id == _SCENE.story_id)
    .where(_SCENE.id == bindparam("scene"))
)


class Whose(NamedTuple):
    """What a follower of a scene is let in by: its state, its story's reader, and when they put that away."""

    state: str
    reader_id: str
    put_away_at: float | None


class Scenes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def scene(self, scene_id: str) -> models.Scene | None:
        with self._database.read() as session:
            return session.get(models.Scene, scene_id)

    def whose(self, scene_id: str) -> Whose | None:
        with self._database.engine.connect() as connection:  # see Fragments
            found = connection.execute(_WHOSE, {"scene": scene_id}).one_or_none()
            return Whose(*found) if found else None

    def of_story(self, story_id: str) -> list[models.Scene]:
        """All scenes of a story, oldest first."""
        query = (
            select(models.Scene)
            .where(models.Scene.story_id == story_id)
            .order_by(models.Scene.created_at, models.Scene.id)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def path(self, scene_id: str) -> list[models.Scene]:
        """The scenes from the story's first one down to this one."""
        path: list[models.Scene] = []
        with self._database.read() as session:
            scene = session.get(models.Scene, scene_id)
            while scene is not None:
                path.append(scene)
                scene = session.get(models.Scene, scene.parent_id) if scene.parent_id else None
        return path[::-1]

    # The telling

    def beat(self, scene_ids: Sequence[str]) -> None:
        """Says that the tellings of these scenes are alive."""
        with self._database.write() as session:
            session.execute(update(models.Scene).where(models.Scene.id.in_(scene_ids)).values(heartbeat_at=time.time()))

    def ask_to_stop(self, scene_id: str) -> None:
        """Leaves word for whichever process tells this scene."""
        with self._database.write() as session:
            session.execute(update(models.Scene).where(models.Scene.id == scene_id).values(stop_asked=True))

    def asked_to_stop(self, scene_ids: Sequence[str]) -> set[str]:
        with self._database.read() as session:
            return set(
                session.scalars(select(models.Scene.id).where(models.Scene.id.in_(scene_ids), models.Scene.stop_asked))
            )

    def lapsed(self, before: float) -> list[models.Scene]:
        """Scenes that are being told by nobody: live in name, with no heartbeat since `before`."""
        query = select(models.Scene).where(models.Scene.state.in_(LIVE), models.Scene.heartbeat_at < before)
        with self._database.read() as session:
            return list(session.scalars(query))

    def take_over(self, scene: models.Scene) -> int | None:
        """Takes a lapsed scene in order to end it; its new epoch, or None where its teller came back or another took
        it.
        """
        with self._database.write() as session:
            statement = (
                update(models.Scene)
                .where(
                    models.Scene.id == scene.id,
                    models.Scene.epoch == scene.epoch,
                    models.Scene.heartbeat_at == scene.heartbeat_at,
                )
                .where(models.Scene.state.in_(LIVE))
                .values(state="telling", epoch=models.Scene.epoch + 1, heartbeat_at=time.time())
                .returning(models.Scene.epoch)
            )
            return session.scalar(statement)

    def save_finish(self, scene_id: str, epoch: int, finish: str, usage: dict[str, Any] | None) -> None:
        """Keeps the storyteller's own word on how the text ended, before anything else is made of it."""
        with self._database.write() as session:
            mine = (models.Scene.id == scene_id, models.Scene.epoch == epoch)
            session.execute(update(models.Scene).where(*mine).values(finish=finish, usage=usage))

    # What a scene leans on

    def sources(self, scene_id: str) -> list[models.Source]:
        """The fragments that were laid before a scene's storyteller, strongest first."""
        query = select(models.Source).where(models.Source.scene_id == scene_id).order_by(models.Source.rank)
        with self._database.read() as session:
            return list(session.scalars(query))

    def places(self, fragment_ids: Sequence[str]) -> dict[str, brought.Place]:
        """Where each of these fragments stands in its work's file."""
        with self._database.read() as session:
            return brought.places(session, fragment_ids)

    def threads(self, scene_id: str) -> list[models.Thread]:
        """A scene's threads in order, those to what only its file names among them."""
        query = (
            select(models.Thread)
            .where(models.Thread.scene_id == scene_id)
            .order_by(models.Thread.start, models.Thread.rank)
        )
        with self._database.read() as session:
            threads = list(session.scalars(query))
            scene = session.get(models.Scene, scene_id)
        if scene is None or not scene.brought:
            return threads
        return sorted([*threads, *brought.threads_of(scene)], key=lambda thread: (thread.start, thread.rank))

    def copied_runs(self, scene_id: str) -> list[models.CopiedRun]:
        """What a scene says word for word as a fragment does, in order; see `threads`."""
        query = select(models.CopiedRun).where(models.CopiedRun.scene_id == scene_id).order_by(models.CopiedRun.start)
        with self._database.read() as session:
            runs = list(session.scalars(query))
            scene = session.get(models.Scene, scene_id)
        if scene is None or not scene.brought:
            return runs
        return sorted([*runs, *brought.copied_of(scene)], key=lambda run: run.start)


# Changes that belong into an event's own transaction. What a story's first piece waits for is made once: to make a
# statement anew takes longer than to run it.

_SCENES, _SOURCES = (cast("Table", table.__table__) for table in (models.Scene, models.Source))
_CLAIM = (
    update(_SCENES)
    .where(_SCENES.c.id == bindparam("scene"), _SCENES.c.state == "queued")
    .values(state="telling", epoch=_SCENES.c.epoch + 1, heartbeat_at=bindparam("now"))
    .returning(_SCENES.c.epoch)
)
_CLEAR_SOURCES, _LAY_SOURCES = delete(_SOURCES).where(_SOURCES.c.scene_id == bindparam("scene")), insert(_SOURCES)
_NAME = update(_SCENES).where(_SCENES.c.id == bindparam("scene")).values(storyteller=bindparam("teller"))
_KEEP_PROMPT = update(_SCENES).where(_SCENES.c.id == bindparam("scene")).values(prompt=bindparam("parts"))


def claim(session: Session, scene_id: str) -> int | None:
    """Takes a queued scene for telling; its new epoch, or None where another has it."""
    epoch: int | None = session.scalar(_CLAIM, {"scene": scene_id, "now": time.time()})
    return epoch


def end(session: Session, scene_id: str, epoch: int, state: str, text: str, code: str | None) -> bool:
    """Ends a scene exactly once; False where it has ended already or another telling has begun on it."""
    statement = (
        update(models.Scene)
        .where(models.Scene.id == scene_id, models.Scene.epoch == epoch, models.Scene.state.in_(LIVE))
        .values(state=state, text=text, code=code, ended_at=time.time())
        .returning(models.Scene.id)
    )
    return session.scalar(statement) is not None


def lay_sources(session: Session, scene_id: str, rows: Sequence[dict[str, Any]]) -> bool:
    session.execute(_CLEAR_SOURCES, {"scene": scene_id})
    if rows:
        session.execute(_LAY_SOURCES, [{"scene_id": scene_id, **row} for row in rows])
    return True


def name_storyteller(session: Session, scene_id: str, name: str) -> bool:
    session.execute(_NAME, {"scene": scene_id, "teller": name})
    return True


def keep_prompt(session: Session, scene_id: str, parts: Sequence[dict[str, Any]]) -> None:
    """Keeps what the scene's prompt held, by part and size."""
    session.execute(_KEEP_PROMPT, {"scene": scene_id, "parts": list(parts)})


def tie_threads(
    session: Session, scene_id: str, threads: Sequence[dict[str, Any]], copied: Sequence[dict[str, Any]]
) -> bool:
    for table, rows in ((models.Thread, threads), (models.CopiedRun, copied)):
        session.execute(delete(table).where(table.scene_id == scene_id))
        if rows:
            session.execute(insert(table), [{"scene_id": scene_id, **row} for row in rows])
    return True
