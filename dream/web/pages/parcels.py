"""A whole story kept as a file, and one brought from a file."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dream.errors import Conflict, FormRefused
from dream.storytelling.parcel import LARGEST, opened
from dream.web.access import needs
from dream.web.auth import actor, own_story, reader_id
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.library import shelf_of_stories
from dream.web.uploads import takes
from dream.wording import worded

_ENVELOPE = 64 * 1024
"""Bytes that a form has around a file."""


@pages.get("/stories/<story_id>/story.json")
@needs("read")
def parcel(story_id: str) -> Response:
    packed = service().pack(own_story(story_id))
    name = quote(f"{(packed.title or packed.brief.premise)[:60].strip()}.json")
    headers = {"Content-Disposition": f"attachment; filename=\"story.json\"; filename*=UTF-8''{name}"}
    return Response(packed.model_dump_json(), mimetype="application/json", headers=headers)


@pages.post("/stories/bring")
@needs("tell")
@takes(LARGEST + _ENVELOPE)
def bring_story() -> ResponseReturnValue:
    file = request.files.get("story")
    try:
        data = file.read(LARGEST + 1) if file and file.filename else b""
        if not data:
            raise FormRefused.of("story", worded("Please choose the file of a story. Nothing was brought yet."))
        story = service().bring(reader_id(), opened(data), actor())
    except (FormRefused, Conflict) as error:
        return shelf_of_stories(wrong=error.sentence), error.status
    return redirect(url_for("pages.story", story_id=story.id), 303)
