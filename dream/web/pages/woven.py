"""What a story is woven from: the works and authors that it leans on, each with its share and its course."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from dream.service import Service
from dream.store import models
from dream.store.library.scenes import LIVE
from dream.storytelling.brief import Brief
from dream.storytelling.influence import Influence, Origin, Told, influences
from dream.web.access import needs
from dream.web.auth import own_story
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.stories import path_to

WIDTH, HEIGHT = 1000, 24
"""The units of a course; the page stretches it as wide as it has room."""


@pages.get("/stories/<story_id>/scenes/<scene_id>/woven")
@needs("read")
def woven(story_id: str, scene_id: str) -> ResponseReturnValue:
    story = own_story(story_id)
    path = path_to(story, scene_id)
    found = influences([_told(service(), scene) for scene in path])
    brief = Brief.model_validate(story.brief)
    return render_template(
        "woven.html", story=story, brief=brief, scene_id=scene_id, language=brief.spoken_language, found=found,
        scenes=path, course=course, seams=[round(part * WIDTH, 1) for part in found.parts[1:]], width=WIDTH,
        height=HEIGHT, sentences=sum(len(work.stretches) for work in found.works),
    )  # fmt: skip


def course(influence: Influence) -> list[dict[str, float]]:
    """The rectangles of a work's course along the story: as wide as the sentence, as high as the tie is strong."""
    return [
        {
            "x": round(stretch.start * WIDTH, 1),
            "y": round((1 - stretch.strength) * HEIGHT / 2, 1),
            "width": round(max((stretch.end - stretch.start) * WIDTH, 2), 1),
            "height": round(stretch.strength * HEIGHT, 1),
        }
        for stretch in influence.stretches
    ]


def _told(service: Service, scene: models.Scene) -> Told:
    if scene.state in LIVE:
        return Told(0, [], {})
    rows = service.sources.of(scene.id)
    origins = {row["fragment_id"]: _origin(row["work"]) for row in rows}
    return Told(len(scene.text), service.library.scenes.threads(scene.id), origins)


def _origin(work: dict[str, Any] | None) -> Origin:
    return Origin(work["id"], work["title"], work["author"], work["licence"]) if work else Origin()
