"""What a story has established: its people, what the reader lays down for it, and what its prompts hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.errors import Conflict, FormRefused
from dream.store import models
from dream.storytelling import laid_down
from dream.storytelling.brief import Brief
from dream.storytelling.memory.people import key
from dream.storytelling.prompt import Part
from dream.web.access import needs
from dream.web.auth import own_story
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.stories import path_to
from dream.wording import worded

KINDS = {
    "rules": worded("The rules of telling, the same for every story"),
    "wishes": worded("Your premise and wishes"),
    "note": worded("Your note to the storyteller"),
    "facts": worded("The facts that you pinned"),
    "cast": worded("The people of the story"),
    "summary": worded("What came before, in short"),
    "fragment": worded("Inspirations"),
    "story": worded("The story so far"),
    "request": worded("What is asked, and what is not to be done"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a prompt as the page shows it; `share` is of the largest one, in hundredths."""

    name: str
    characters: int
    left_out: int
    share: float


@pages.get("/stories/<story_id>/scenes/<scene_id>/world")
@needs("read")
def world(story_id: str, scene_id: str) -> ResponseReturnValue:
    return _world(own_story(story_id), scene_id)


@pages.post("/stories/<story_id>/scenes/<scene_id>/world")
@needs("tell")
def lay_down(story_id: str, scene_id: str) -> ResponseReturnValue:
    """The reader's note and facts."""
    story = own_story(story_id)
    path_to(story, scene_id)
    note, facts = request.form.get("note", ""), request.form.get("facts", "")
    try:
        service().world.lay_down(story, note, facts.splitlines())
    except FormRefused as error:
        return _world(story, scene_id, note=note, facts=facts, wrong=error.fields), error.status
    return redirect(url_for("pages.world", story_id=story_id, scene_id=scene_id, _anchor="holds"), 303)


@pages.post("/stories/<story_id>/scenes/<scene_id>/cast")
@needs("tell")
def correct_cast(story_id: str, scene_id: str) -> ResponseReturnValue:
    """What the reader says of somebody; with `back` the text has the word again."""
    story, form = own_story(story_id), request.form
    path_to(story, scene_id)
    name = form.get("name") or form.get("called", "")
    try:
        if form.get("back"):
            service().library.memories.take_back(story.id, name)
        else:
            service().world.correct(
                story, name, form.get("called", ""), form.get("role", ""), form.get("traits", "").split(";"),
                left_out=bool(form.get("left_out")),
            )  # fmt: skip
    except (FormRefused, Conflict) as error:
        wrong = error.fields if isinstance(error, FormRefused) else {"name": error.sentence}
        return _world(
            story, scene_id, at_fault=key(form.get("name", "")), wrong=wrong, given=form.to_dict()
        ), error.status
    return redirect(url_for("pages.world", story_id=story_id, scene_id=scene_id, _anchor="cast"), 303)


@pages.get("/stories/<story_id>/scenes/<scene_id>/prompt")
@needs("read")
def inspector(story_id: str, scene_id: str) -> ResponseReturnValue:
    """What the storyteller of a scene was given, and what the next one would be."""
    story = own_story(story_id)
    path = path_to(story, scene_id)
    given = [(number, scene.storyteller, _kept(scene)) for number, scene in enumerate(path, 1)]
    ended = path[-1].ended_at is not None
    return render_template(
        "inspector.html", **_about(story, scene_id), given=[one for one in reversed(given) if one[2]],
        following=lines(service().world.next_prompt(path).parts) if ended else [],
        summary=service().world.remembered(path).summary,
    )  # fmt: skip


def lines(parts: Sequence[Part]) -> list[Line]:
    """The parts of a prompt, its fragments as one."""
    sizes: dict[str, list[int]] = {}
    for part in parts:
        size = sizes.setdefault(part.kind, [0, 0])
        size[0], size[1] = size[0] + part.characters, size[1] + part.left_out
    largest = max((size[0] for size in sizes.values()), default=0) or 1
    return [
        Line(gettext(KINDS[kind]), held, left_out, round(100 * held / largest, 1))
        for kind, (held, left_out) in sizes.items()
        if kind in KINDS
    ]


def _kept(scene: models.Scene) -> list[Line]:
    return lines([Part(**part) for part in scene.prompt or ()])


def _world(story: models.Story, scene_id: str, **more: Any) -> str:
    path = path_to(story, scene_id)
    said = {key(one.called): one for one in service().remembering.said(story.id)}
    return render_template(
        "world.html",
        **{
            **_about(story, scene_id), "note": story.note, "facts": "\n".join(story.facts), "wrong": {},
            "remembered": service().world.remembered(path), "said": said, "key": key,
            "away": [one for one in said.values() if one.left_out], "limits": laid_down, **more,
        },
    )  # fmt: skip


def _about(story: models.Story, scene_id: str) -> dict[str, Any]:
    brief = Brief.model_validate(story.brief)
    return {"story": story, "brief": brief, "language": brief.spoken_language, "scene_id": scene_id}
