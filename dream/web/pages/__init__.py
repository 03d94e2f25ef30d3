"""Pages for people: home, a story, the shelf and its works. Readable without JavaScript, livelier with it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Response

from dream.actor import PUBLIC, Actor
from dream.errors import DreamError
from dream.web.auth import actor

pages = Blueprint("pages", __name__)


@pages.app_template_global()
def acting() -> Actor:
    """Who asks, for every page's head; nobody in particular where what they showed is refused."""
    try:
        return actor()
    except DreamError:
        return PUBLIC


@pages.after_request
def _mine(response: Response) -> Response:
    """A page is one reader's: nothing between us and them may keep it."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


# A page is a file here: each registers its views on `pages`.
for _page in iter_modules(__path__):
    import_module(f"{__name__}.{_page.name}")
