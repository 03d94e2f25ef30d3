"""The map of a story: every part and every way it was told, to read from any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from dream.store import models
from dream.storytelling.brief import Brief
from dream.web.access import needs
from dream.web.auth import own_story
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.stories import path_to
from dream.web.pages.tree import Place, walk

STEP_X, STEP_Y, MARGIN = 64, 52, 26
OPENING = 90


@dataclass(frozen=True, slots=True)
class Node:
    """A scene on the map, in its units: `here` is the one that is read, `way` whether it stands on the way there."""

    scene: models.Scene
    part: int
    x: int
    y: int
    here: bool
    way: bool


@dataclass(frozen=True, slots=True)
class Edge:
    path: str
    way: bool


@pages.get("/stories/<story_id>/scenes/<scene_id>/map")
@needs("read")
def story_map(story_id: str, scene_id: str) -> ResponseReturnValue:
    story = own_story(story_id)
    way = {scene.id for scene in path_to(story, scene_id)}
    steps = walk(service().library.scenes.of_story(story.id))
    nodes = [_node(step, scene_id, way) for step in steps if isinstance(step, Place)]
    brief = Brief.model_validate(story.brief)
    return render_template(
        "map.html", story=story, brief=brief, scene_id=scene_id, language=brief.spoken_language, steps=steps, way=way,
        nodes=nodes, edges=_edges(nodes), opening=opening,
        width=max(node.x for node in nodes) + MARGIN, height=max(node.y for node in nodes) + MARGIN,
    )  # fmt: skip


def opening(scene: models.Scene) -> str:
    """How a scene begins, on one line."""
    words = " ".join(scene.text[: OPENING * 2].split())
    return words if len(words) <= OPENING else words[:OPENING].rsplit(" ", 1)[0].rstrip(".,;:") + "…"


def _node(place: Place, scene_id: str, way: set[str]) -> Node:
    x, y = MARGIN + (place.part - 1) * STEP_X, MARGIN + place.column * STEP_Y
    return Node(place.scene, place.part, x, y, place.scene.id == scene_id, place.scene.id in way)


def _edges(nodes: Sequence[Node]) -> list[Edge]:
    """From each scene to the one before it; the way that is read comes last, on top of the others."""
    by_id = {node.scene.id: node for node in nodes}
    edges = []
    for node in nodes:
        if before := by_id.get(node.scene.parent_id or ""):
            turn = before.x + STEP_X // 2
            edges.append(Edge(f"M{before.x} {before.y}C{turn} {before.y} {turn} {node.y} {node.x} {node.y}", node.way))
    return sorted(edges, key=lambda edge: edge.way)
