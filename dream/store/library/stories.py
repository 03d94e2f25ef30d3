"""Queries over readers and their stories."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from dream.store import models
from dream.store.database import Database
from dream.store.ids import new_id
from dream.store.library import brought
from dream.store.library.gathering import gathered
from dream.store.library.removal import remove

Also = Callable[[Session, models.Scene, models.Story], None]
"""What belongs into the transaction that writes a scene; what it raises undoes all of it."""


# A story's first piece waits for these: made once, and past the ORM, they take a third of the time.
_NEW_READER, _NEW_STORY, _NEW_SCENE = (
    insert(cast("Table", table.__table__)) for table in (models.Reader, models.Story, models.Scene)
)

OPENING = 240
"""Characters of a story's beginning that a list of stories has."""


class Kept(NamedTuple):
    """A story in its reader's library; `parts` counts its scenes, `branches` the ways through it, and `last` is when
    the newest was begun.
    """

    story: models.Story
    opening: str
    parts: int
    branches: int
    last: float


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

    def adopt(self, from_reader: str, by_reader: str) -> int:
        """Gives all stories of one reader to another; how many there were."""
        with self._database.write() as session:
            theirs = update(models.Story).where(models.Story.reader_id == from_reader)
            return len(list(session.scalars(theirs.values(reader_id=by_reader).returning(models.Story.id))))

    def begin(
        self, reader_id: str | None, corpus_id: str, brief: dict[str, Any], seed: int, also: Also | None = None
    ) -> tuple[models.Story, models.Scene]:
        """Writes a story and its first scene in one transaction, and a new reader where there is none; the scene is
        queued.
        """
        reader = _row(models.Reader) if reader_id is None else {"id": reader_id}
        story = _row(models.Story, reader_id=reader["id"], corpus_id=corpus_id, brief=brief)
        scene = _row(models.Scene, story_id=story["id"], seed=seed)
        begun = models.Story(**story), models.Scene(**scene)
        with self._database.write() as session:
            if reader_id is None:
                session.execute(_NEW_READER, reader)
            session.execute(_NEW_STORY, story)
            session.execute(_NEW_SCENE, scene)
            if also:
                also(session, begun[1], begun[0])
        return begun

    def add_scene(
        self, story: models.Story, parent_id: str | None, direction: str, seed: int, also: Also | None = None,
        *, rewrites_id: str | None = None,
    ) -> models.Scene:  # fmt: skip
        """A further scene of a story: under `parent_id`, or another first one (None)."""
        with self._database.write() as session:
            scene = _scene(story.id, parent_id, direction, seed, rewrites_id)
            session.add(scene)
            session.flush()
            if also:
                also(session, scene, story)
            return scene

    def bring(
        self, reader_id: str, corpus_id: str, story: dict[str, Any], scenes: Sequence[dict[str, Any]],
        people: Sequence[dict[str, Any]],
    ) -> models.Story:  # fmt: skip
        """Writes a story that was told elsewhere, with its scenes, their logs, and what its reader said of its people,
        in one transaction. `key`, `parent` and `rewrites` of a scene only tell these scenes apart; what its `leaning`
        says it leans on is found again on the story's own shelf, or kept by name.
        """
        places = {source["place"] for scene in scenes for source in scene["leaning"].sources if source["place"]}
        now, ids = time.time(), {scene["key"]: new_id() for scene in scenes}
        with self._database.write() as session:
            row = models.Story(reader_id=reader_id, corpus_id=corpus_id, **story)
            session.add(row)
            session.flush()
            found = brought.on_shelf(session, corpus_id, places)
            gone = brought.taken_back(session, corpus_id, places)
            for at, scene in enumerate(scenes):
                told = _scene(row.id, ids.get(scene["parent"]), scene["direction"], 0, ids.get(scene["rewrites"]))
                told.id, told.created_at, told.ended_at = ids[scene["key"]], now + at / 1000, now + at / 1000
                told.state, told.storyteller, told.text = scene["state"], scene["storyteller"], scene["text"]
                told.finish, told.epoch = "finished" if scene["state"] == "told" else "stopped", 1
                session.add(told)
                session.flush()
                leaning = brought.lay(session, told, scene["leaning"], found, gone)
                events = [
                    ("begin", {"scene": told.id, "state": "telling"}), ("sources", leaning["sources"]),
                    *scene["events"][:-1], ("threads", leaning["threads"]), scene["events"][-1],
                ]  # fmt: skip
                session.add_all(
                    models.Event(scene_id=told.id, number=number, name=name, data=orjson.dumps(data).decode())
                    for number, (name, data) in enumerate(events, 1)
                )
            session.add_all(models.Correction(story_id=row.id, **one) for one in people)
            return row

    def count(self, reader_id: str) -> int:
        """How many stories a reader has, those put away too."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(models.Story.reader_id == reader_id)) or 0

    def story(self, story_id: str) -> models.Story | None:
        with self._database.read() as session:
            return session.get(models.Story, story_id)

    def of_reader(self, reader_id: str, limit: int = 20) -> list[models.Story]:
        """A reader's stories, newest first, without those that they put away."""
        query = (
            select(models.Story)
            .where(models.Story.reader_id == reader_id, models.Story.put_away_at.is_(None))
            .order_by(models.Story.created_at.desc())
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def whole(self, story_id: str) -> dict[str, Any]:
        """All that is kept of a story, its scenes with what belongs to each among it; not the events, which repeat
        them.
        """
        with self._database.read() as session:
            mine = models.Story.id == story_id
            [story] = gathered(session, models.Base.metadata.tables["stories"], mine, without=("events",))
            return story

    # What a reader does with a story

    def kept(self, reader_id: str, *, put_away: bool = False, limit: int = 500) -> list[Kept]:
        """A reader's stories, the one read last first: those at hand, or those put away."""
        away = models.Story.put_away_at.is_not(None) if put_away else models.Story.put_away_at.is_(None)
        scenes = (
            select(
                models.Scene.story_id, func.count().label("parts"), func.max(models.Scene.created_at).label("last")
            ).group_by(models.Scene.story_id).subquery()
        )  # fmt: skip
        child = aliased(models.Scene)
        branches = (
            select(func.count())
            .where(
                models.Scene.story_id == models.Story.id,
                ~select(child.id).where(child.story_id == models.Story.id, child.parent_id == models.Scene.id).exists(),
            )
            .correlate(models.Story)
            .scalar_subquery()
        )
        opening = (
            select(func.substr(models.Scene.text, 1, OPENING))
            .where(models.Scene.story_id == models.Story.id, models.Scene.parent_id.is_(None), models.Scene.text != "")
            .order_by(models.Scene.created_at)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(models.Story, opening, scenes.c.parts, branches, scenes.c.last)
            .join(scenes, scenes.c.story_id == models.Story.id)
            .where(models.Story.reader_id == reader_id, away)
            .order_by(scenes.c.last.desc())
            .limit(limit)
        )
        with self._database.read() as session:
            return [Kept(story, text or "", *counted) for story, text, *counted in session.execute(query)]

    def name(self, story_id: str, title: str) -> None:
        """Gives a story a title of the reader's own; "" takes it back."""
        self._change(story_id, title=title)

    def lay_down(self, story_id: str, note: str, facts: list[str]) -> None:
        """Keeps what the reader lays down for all that is told of a story from now on."""
        self._change(story_id, note=note, facts=facts)

    def put_away(self, story_id: str) -> None:
        """Takes a story out of sight, and its link with it. It can be brought back until it is dropped."""
        self._change(story_id, put_away_at=time.time(), shared_as=None)

    def bring_back(self, story_id: str) -> None:
        self._change(story_id, put_away_at=None)

    def drop(self, story_id: str) -> None:
        """Deletes a story that was put away, with all that belongs to it. The ledger keeps its sizes."""
        condition = (models.Story.id == story_id) & models.Story.put_away_at.is_not(None)
        with self._database.write() as session:
            remove(session, cast("Table", models.Story.__table__), condition)

    def share(self, story_id: str, key: str | None) -> None:
        """Opens a story to whoever knows the key; None closes it."""
        self._change(story_id, shared_as=key)

    def shared(self, key: str) -> models.Story | None:
        """The story that is shared under a key and was neither put away nor taken down."""
        query = select(models.Story).where(
            models.Story.shared_as == key, models.Story.put_away_at.is_(None), models.Story.taken_down_at.is_(None)
        )
        with self._database.read() as session:
            return session.scalar(query)

    def _change(self, story_id: str, **values: Any) -> None:
        with self._database.write() as session:
            session.execute(update(models.Story).where(models.Story.id == story_id).values(**values))


def _row(model: type[models.Base], **values: Any) -> dict[str, Any]:
    """A new row of a table: these values, and the defaults of its other columns."""
    for column in model.__table__.columns:
        if column.name not in values:
            default: Any = column.default
            values[column.name] = default and (default.arg(None) if default.is_callable else default.arg)
    return values


def _scene(
    story_id: str, parent_id: str | None, direction: str, seed: int, rewrites_id: str | None = None
) -> models.Scene:
    now = time.time()
    return models.Scene(
        story_id=story_id, parent_id=parent_id, direction=direction, seed=seed, heartbeat_at=now, created_at=now,
        finish=None, code=None, usage=None, ended_at=None, rewrites_id=rewrites_id, prompt=None,
    )  # fmt: skip
