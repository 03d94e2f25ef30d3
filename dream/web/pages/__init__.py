"""Pages for people: home, a story, the shelf and its works. Readable without JavaScript, livelier with it."""

from __future__ import annotations

from flask import Blueprint, Response

pages = Blueprint("pages", __name__)


@pages.after_request
def _mine(response: Response) -> Response:
    """A page is one reader's: nothing between us and them may keep it."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


from dream.web.pages import assets, home, stories, works  # noqa: E402, F401  # each registers its views on `pages`
