"""A story's page: the scenes on the way to one of them, the last one live while it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, redirect, render_template, request, stream_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dream.errors import BriefRefused, Busy, FormRefused, NotFound
from dream.service import Service
from dream.store import models
from dream.storytelling.brief import Brief
from dream.web.access import needs
from dream.web.auth import actor, own_story
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.shown import SceneShown, scene_shown
from dream.web.streaming import Followers

HEARTBEAT_SECONDS = 10.0


@pages.get("/stories/<story_id>")
@needs("read")
def story(story_id: str) -> ResponseReturnValue:
    """The story down to what was told last."""
    found = own_story(story_id)
    return render_template("story.html", **_shown(found, service().library.scenes.of_story(story_id)[-1].id))


@pages.get("/stories/<story_id>/scenes/<scene_id>")
@needs("read")
def scene(story_id: str, scene_id: str) -> ResponseReturnValue:
    return render_template("story.html", **_shown(own_story(story_id), scene_id))


@pages.get("/stories/<story_id>/scenes/<scene_id>/read")
@needs("read")
def read(story_id: str, scene_id: str) -> ResponseReturnValue:
    """The same page without scripts: it is itself streamed, and ends when the scene does."""
    found = own_story(story_id)
    shown = _shown(found, scene_id)
    if not shown["last"].live:
        return redirect(url_for("pages.scene", story_id=story_id, scene_id=scene_id))
    followers: Followers = current_app.extensions["followers"]
    if not followers.take():
        raise Busy("Your story is told and kept meanwhile. Every reading seat is taken just now.")
    telling = service()
    shown["telling"] = _telling(telling, scene_id)
    shown["ended"] = lambda: _last(telling, found, scene_id)
    shown["offered"] = lambda: telling.world.offered(scene_id)
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    response = Response(stream_template("read.html", **shown), mimetype="text/html", headers=headers)
    response.call_on_close(followers.leave)
    return response


@pages.post("/stories/<story_id>/scenes/<scene_id>/stop")
@needs("tell")
def stop(story_id: str, scene_id: str) -> ResponseReturnValue:
    path_to(own_story(story_id), scene_id)
    service().tellings.stop(scene_id)
    return _to(story_id, scene_id)


@pages.post("/stories/<story_id>/scenes/<scene_id>/continue")
@needs("tell")
def go_on(story_id: str, scene_id: str) -> ResponseReturnValue:
    found = own_story(story_id)
    direction = request.form.get("direction", "")
    try:
        added = service().continue_story(found, scene_id, direction, actor())
    except BriefRefused as error:
        shown = _shown(found, scene_id)
        return render_template("story.html", **shown, written=direction, wrong=error.sentence), error.status
    return _to(story_id, added.id)


@pages.post("/stories/<story_id>/scenes/<scene_id>/again")
@needs("tell")
def again(story_id: str, scene_id: str) -> ResponseReturnValue:
    return _to(story_id, service().tell_again(own_story(story_id), scene_id, actor()).id)


@pages.post("/stories/<story_id>/scenes/<scene_id>/rewrite")
@needs("tell")
def rewrite(story_id: str, scene_id: str) -> ResponseReturnValue:
    """The reader's own words in place of what was told, beside it."""
    found, text = own_story(story_id), request.form.get("text", "")
    try:
        return _to(story_id, service().rewrite(found, scene_id, text).id)
    except FormRefused as error:
        shown = _shown(found, scene_id)
        return render_template("story.html", **shown, rewritten=text, unfit=error.sentence), error.status


def _to(story_id: str, scene_id: str) -> ResponseReturnValue:
    """To the scene's page, at the scene."""
    return redirect(url_for("pages.scene", story_id=story_id, scene_id=scene_id, _anchor=f"scene-{scene_id}"), 303)


def path_to(story: models.Story, scene_id: str) -> list[models.Scene]:
    path = service().library.scenes.path(scene_id)
    if not path or path[-1].story_id != story.id:
        raise NotFound("There is no such scene in this story.")
    return path


def _shown(story: models.Story, scene_id: str) -> dict[str, Any]:
    path, scenes = path_to(story, scene_id), service().library.scenes.of_story(story.id)
    shown = [scene_shown(service(), scene, scenes) for scene in path]
    brief = Brief.model_validate(story.brief)
    return {
        "story": story, "brief": brief, "language": brief.spoken_language, "scenes": shown, "last": shown[-1],
        "ways": service().world.remembered(path).choices,
    }  # fmt: skip


def _last(service: Service, story: models.Story, scene_id: str) -> SceneShown:
    found = service.library.scenes.scene(scene_id)
    assert found is not None
    return scene_shown(service, found, service.library.scenes.of_story(story.id))


def _telling(service: Service, scene_id: str) -> Iterator[str]:
    """The scene's text as it is told, in paragraphs split where empty lines stand. Only tags are Markup."""
    yield Markup("<p>")
    ends = 0
    for event in service.log.follow(scene_id, heartbeat=HEARTBEAT_SECONDS):
        if event is None:
            yield Markup("<!-- still here -->")
            continue
        for part in _lines(event.text):
            if part == "\n":
                ends += 1
                continue
            if ends and not part.strip():
                continue
            yield Markup("</p>\n<p>") if ends > 1 else "\n" * ends
            yield part
            ends = 0
    yield Markup("</p>")


def _lines(piece: str) -> Iterator[str]:
    """The lines of a piece and the ends between them."""
    for number, line in enumerate(piece.split("\n")):
        if number:
            yield "\n"
        if line:
            yield line
