"""A story to keep: as a book in one of the formats."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response

from dream.binding.book import Book
from dream.binding.formats import FORMATS
from dream.errors import NotFound
from dream.web.access import needs
from dream.web.auth import own_scene
from dream.web.current import service
from dream.web.pages import pages

_NAME_LENGTH = 60


@pages.get("/stories/<story_id>/scenes/<scene_id>/book.<ending>")
@needs("read")
def book(story_id: str, scene_id: str, ending: str) -> Response:
    """The story down to this scene, as a file."""
    scene, chosen = own_scene(scene_id), FORMATS.get(ending)
    if scene.story_id != story_id or chosen is None:
        raise NotFound("There is no such book here.")
    bound = service().book(scene_id)
    made = chosen.bind(bound, service().settings.home / "fonts")
    return Response(made, mimetype=chosen.media_type, headers={"Content-Disposition": _named(bound, ending)})


def _named(book: Book, ending: str) -> str:
    """The name of the file, after the story; old browsers get one in ASCII."""
    name = re.sub(r"[^\w\s-]", "", book.title)[:_NAME_LENGTH].strip() or "story"
    return f"attachment; filename=\"story.{ending}\"; filename*=UTF-8''{quote(f'{name}.{ending}')}"
