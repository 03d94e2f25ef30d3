"""The tree of a story's scenes in reading order: as lists that nest where the story forks, and as places on a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dream.store import models

WAYS, END_WAYS = Markup("<ul>"), Markup("</ul>")
WAY, END_WAY = Markup("<li><ol>"), Markup("</ol></li>")
STRAND, END_STRAND = Markup("<ol>"), Markup("</ol>")
END_PLACE = Markup("</li>")


@dataclass(frozen=True, slots=True)
class Place:
    """A scene as the `part`-th of its way, counted from 1, in a column of its own from where it forked, from 0."""

    scene: models.Scene
    part: int
    column: int


@dataclass(frozen=True, slots=True)
class _Ahead:
    scene: models.Scene
    part: int
    column: int | None


def walk(scenes: Sequence[models.Scene]) -> list[Place | Markup]:
    """The scenes of a story, oldest first, as its tree: places, and the tags of the lists around them. A place opens
    its item itself.

    A first child keeps its parent's column and any other takes the next free one, so that no two ways cross. Written
    without recursion: a story may be a thousand parts long.
    """
    children: dict[str | None, list[models.Scene]] = {}
    for scene in scenes:
        children.setdefault(scene.parent_id, []).append(scene)
    steps: list[Place | Markup] = []
    columns = 0
    ahead = _below(children.get(None, []), 1, 0)
    ahead = ahead if len(children.get(None, [])) > 1 else [END_STRAND, *ahead, STRAND]
    while ahead:
        step = ahead.pop()
        if not isinstance(step, _Ahead):
            steps.append(step)
            continue
        columns += step.column is None
        place = Place(step.scene, step.part, columns if step.column is None else step.column)
        steps.append(place)
        below = children.get(step.scene.id, [])
        onward = _below(below, place.part + 1, place.column)
        ahead += [END_PLACE, *onward] if len(below) > 1 else [*onward, END_PLACE]
    return steps


def _below(scenes: Sequence[models.Scene], part: int, column: int) -> list[_Ahead | Markup]:
    """What comes after a scene, last first: the next part in the same list, or a list of ways, each a list itself."""
    if len(scenes) < 2:
        return [_Ahead(scene, part, column) for scene in scenes]
    ways = [_Ahead(scene, part, None if number else column) for number, scene in enumerate(scenes)]
    return [END_WAYS, *(step for way in reversed(ways) for step in (END_WAY, way, WAY)), WAYS]
