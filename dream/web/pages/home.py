"""Home: one question, one field, one button."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from dream.errors import BriefRefused, Busy, CorpusMissing, DreamError
from dream.store.library.works import Shelf
from dream.storytelling.brief import Brief
from dream.storytelling.refusals import refusals
from dream.web.access import needs
from dream.web.auth import actor, known_reader, present_reader, welcome
from dream.web.current import service
from dream.web.languages import page_language
from dream.web.pages import pages
from dream.web.pages.examples import Example, examples
from dream.web.problems import said_of

FIELDS = ("premise", "hero", "place", "tone", "length", "language", "grounding", "corpus")
UNFINISHED = 5


@pages.get("/")
@needs("read")
def home() -> ResponseReturnValue:
    return _home({name: request.args[name] for name in FIELDS if name in request.args})


@pages.post("/")
@needs("tell")
def begin() -> ResponseReturnValue:
    written = _written()
    try:
        brief = _brief(written)
        corpus, reader = service().check_story(brief, actor()), present_reader()
        story, _ = service().begin_story(reader, brief, corpus, actor())
        if reader is None:
            welcome(story.reader_id)
    except (BriefRefused, Busy, CorpusMissing) as error:
        return _home(written, error)
    return redirect(url_for("pages.story", story_id=story.id), 303)


def _written() -> dict[str, str]:
    # A browser sends line ends as two characters; the limits count one.
    return {name: request.form[name].replace("\r\n", "\n") for name in FIELDS if name in request.form}


def _brief(written: dict[str, str]) -> Brief:
    try:
        return Brief.model_validate({name: value for name, value in written.items() if value or name == "premise"})
    except ValidationError as error:
        raise BriefRefused("The story has not begun yet: one thing needs a change.", refusals(error)) from None


def _home(written: dict[str, str], error: DreamError | None = None) -> ResponseReturnValue:
    reader, shelves = known_reader(), service().library.corpora.shelves(actor())
    chosen = written.get("corpus") or _usual(shelves)
    shelf = next((shelf for shelf in shelves if shelf.name == chosen), None)
    offered = [shelf for shelf in shelves if shelf.works or shelf.name == chosen]
    shown: dict[str, Any] = {
        "written": written,
        "notice": said_of(error) if error else "",
        "wrong": error.fields if isinstance(error, BriefRefused) else {},
        "examples": _examples(shelf.id) if shelf else [],
        "shelves": offered,
        "choosable": len(offered) > 1 or chosen != service().settings.corpus,
        "chosen": chosen,
        "empty": shelf is None or not shelf.works,
        "unfinished": service().library.stories.of_reader(reader, limit=UNFINISHED) if reader else [],
        "loom": service().storyteller.provider == "loom",
    }
    headers = {"Retry-After": str(error.wait_seconds)} if isinstance(error, Busy) else {}
    return render_template("home.html", **shown), error.status if error else 200, headers


def _usual(shelves: Sequence[Shelf]) -> str:
    """The default shelf; as long as it is empty, the first that is not."""
    default = service().settings.corpus
    filled = [shelf.name for shelf in shelves if shelf.works]
    return default if default in filled or not filled else filled[0]


def _examples(corpus_id: str) -> list[Example]:
    return examples(service().library.works.works(corpus_id), page_language(), datetime.now(UTC).toordinal())
