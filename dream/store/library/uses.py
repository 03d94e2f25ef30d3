"""Queries over how stories have used works: counts and strengths, never whose story it was, and what it is called only
where its reader has shared it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from dream.store import models
from dream.store.database import Database


@dataclass(frozen=True, slots=True)
class Use:
    """How stories leaned on a fragment: scenes it was laid before the storyteller for, sentences tied to it, the
    strongest and the mean strength of those ties (0 to 1), and runs of words that were copied from it.
    """

    scenes: int = 0
    sentences: int = 0
    strongest: float = 0.0
    mean: float = 0.0
    copied: int = 0


@dataclass(slots=True)
class StoryUse:
    """How one story leaned on a version: `fragments` has the sentences tied to each of its fragments, by position.

    `key` is that of its link, `title` what it is called; both are "" where its reader has not shared it.
    """

    title: str
    key: str
    begun_at: float
    sentences: int = 0
    strongest: float = 0.0
    fragments: dict[int, int] = field(default_factory=dict)


class Uses:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of_works(self, work_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """(stories, sentences) that leaned on each work, on any of its versions; works without are left out."""
        found: dict[str, tuple[int, int]] = {}
        with self._database.read() as session:
            for start in range(0, len(work_ids), 500):
                query = (
                    select(
                        models.Version.work_id,
                        func.count(models.Scene.story_id.distinct()),
                        func.count(),
                    )
                    .select_from(models.Thread)
                    .join(models.Fragment, models.Fragment.id == models.Thread.fragment_id)
                    .join(models.Version, models.Version.id == models.Fragment.version_id)
                    .join(models.Scene, models.Scene.id == models.Thread.scene_id)
                    .where(models.Version.work_id.in_(work_ids[start : start + 500]))
                    .group_by(models.Version.work_id)
                )
                found.update((work, (stories, sentences)) for work, stories, sentences in session.execute(query))
        return found

    def of_version(self, version_id: str) -> dict[int, Use]:
        """How stories leaned on each fragment of a version, by its position."""
        sources = self._by_position(version_id, models.Source, func.count())
        strength = models.Thread.strength
        threads = self._by_position(version_id, models.Thread, func.count(), func.max(strength), func.avg(strength))
        copied = self._by_position(version_id, models.CopiedRun, func.count())
        found = {}
        for place in sorted({*sources, *threads, *copied}):
            sentences, strongest, mean = threads.get(place, (0, 0.0, 0.0))
            (laid,), (runs,) = sources.get(place, (0,)), copied.get(place, (0,))
            found[place] = Use(laid, sentences, strongest, mean, runs)
        return found

    def stories_of_version(self, version_id: str) -> list[StoryUse]:
        """The stories that leaned on a version, newest first."""
        query = (
            select(models.Story, models.Fragment.position, func.count(), func.max(models.Thread.strength))
            .select_from(models.Thread)
            .join(models.Fragment, models.Fragment.id == models.Thread.fragment_id)
            .join(models.Scene, models.Scene.id == models.Thread.scene_id)
            .join(models.Story, models.Story.id == models.Scene.story_id)
            .where(models.Fragment.version_id == version_id)
            .group_by(models.Story.id, models.Fragment.position)
            .order_by(models.Story.created_at.desc(), models.Story.id, models.Fragment.position)
        )
        found: dict[str, StoryUse] = {}
        with self._database.read() as session:
            for story, position, sentences, strongest in session.execute(query):
                use = found.setdefault(story.id, _unused(story))
                use.fragments[position] = sentences
                use.sentences += sentences
                use.strongest = max(use.strongest, strongest)
        return list(found.values())

    def _by_position(
        self, version_id: str, table: type[models.Source | models.Thread | models.CopiedRun], *columns: Any
    ) -> dict[int, tuple[Any, ...]]:
        query = (
            select(models.Fragment.position, *columns)
            .select_from(table)
            .join(models.Fragment, models.Fragment.id == table.fragment_id)
            .where(models.Fragment.version_id == version_id)
            .group_by(models.Fragment.position)
        )
        with self._database.read() as session:
            return {position: tuple(row) for position, *row in session.execute(query)}


def _unused(story: models.Story) -> StoryUse:
    shared = story.shared_as is not None and story.put_away_at is None and story.taken_down_at is None
    title = story.title or str(story.brief.get("premise", ""))
    return StoryUse(title if shared else "", str(story.shared_as) if shared else "", story.created_at)
