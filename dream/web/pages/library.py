"""A reader's own stories: found again, named, put away and brought back, shared by a link."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.actor import PUBLIC
from dream.errors import FormRefused, NotFound
from dream.store.library.stories import Kept
from dream.storytelling.brief import Brief, clean
from dream.web.access import needs
from dream.web.auth import actor, known_reader, own_story
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.shown import scene_shown
from dream.wording import worded

TITLE_LENGTH = 120


@pages.get("/stories")
@needs("read")
def library() -> ResponseReturnValue:
    """All of a reader's stories, or those that hold the words looked for; `away` names one just put away."""
    return shelf_of_stories()


def shelf_of_stories(**more: Any) -> str:
    """The page of a reader's stories, as its address asks for it."""
    reader, wanted = known_reader(), request.args.get("q", "").strip()[:200]
    stories = service().library.stories
    at_hand = stories.kept(reader) if reader else []
    away = stories.kept(reader, put_away=True) if reader else []
    shown = {
        "stories": [kept for kept in at_hand if holds(kept, wanted)],
        "all": len(at_hand),
        "away": away,
        "just_away": next((kept.story for kept in away if kept.story.id == request.args.get("away")), None),
        "wanted": wanted,
        "anonymous": bool(reader) and not actor().account_id,
        "has_link": bool(reader and service().library.reader_links.of_reader(reader)),
    }
    return render_template("library.html", **{**shown, **more})


@pages.post("/stories/<story_id>/title")
@needs("tell")
def name(story_id: str) -> ResponseReturnValue:
    found = own_story(story_id)
    service().library.stories.name(found.id, checked_title(request.form.get("title", "")))
    listed = request.form.get("listed")
    return redirect(url_for("pages.library") if listed else url_for("pages.story", story_id=story_id), 303)


@pages.post("/stories/<story_id>/away")
@needs("tell")
def put_away(story_id: str) -> ResponseReturnValue:
    service().library.stories.put_away(own_story(story_id).id)
    return redirect(url_for("pages.library", away=story_id), 303)


@pages.post("/stories/<story_id>/back")
@needs("tell")
def bring_back(story_id: str) -> ResponseReturnValue:
    service().library.stories.bring_back(own_story(story_id, put_away=True).id)
    return redirect(url_for("pages.library"), 303)


@pages.post("/stories/<story_id>/delete")
@needs("tell")
def drop(story_id: str) -> ResponseReturnValue:
    """Deletes a story that was put away, for good."""
    service().drop(own_story(story_id, put_away=True))
    flash(gettext("The story is deleted."))
    return redirect(url_for("pages.library"), 303)


@pages.post("/stories/<story_id>/share")
@needs("tell")
def share(story_id: str) -> ResponseReturnValue:
    """Opens the story to whoever has its link, or with `closed` closes it; a link that was closed never opens again."""
    found = own_story(story_id)
    if request.form.get("closed"):
        service().library.stories.share(story_id, None)
    elif not found.shared_as:
        service().library.stories.share(story_id, secrets.token_urlsafe(16))
    return redirect(url_for("pages.story", story_id=story_id, _anchor="sharing"), 303)


@pages.get("/shared/<key>")
@needs(None)
def shared(key: str) -> ResponseReturnValue:
    """A shared story as anybody reads it: down to what was told last, with excerpts of public works only."""
    found = service().library.stories.shared(key)
    if found is None:
        raise NotFound("There is no story behind this link any more. Whoever shared it may have closed it.")
    scenes = service().library.scenes
    told = [scene for scene in scenes.of_story(found.id) if scene.text and scene.ended_at]
    path = scenes.path(told[-1].id) if told else []
    public = service().library.corpora.may_read(PUBLIC, found.corpus_id)
    shown = [scene_shown(service(), scene, [], excerpts=public) for scene in path]
    brief = Brief.model_validate(found.brief)
    page = render_template("shared.html", story=found, brief=brief, language=brief.spoken_language, scenes=shown)
    return page, 200, {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


def holds(kept: Kept, wanted: str) -> bool:
    about = f"{kept.story.title} {kept.story.brief['premise']} {kept.opening}".casefold()
    return all(word in about for word in wanted.casefold().split())


def checked_title(written: str) -> str:
    try:
        title = " ".join(clean(written).split())
    except ValueError as error:
        raise FormRefused.of("title", str(error)) from None
    if len(title) > TITLE_LENGTH:
        raise FormRefused.of("title", worded("A title holds at most %(most)s characters.", most=TITLE_LENGTH))
    return title
