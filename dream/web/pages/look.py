"""The choice of a look and a language, at every page's foot."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dream.web.access import needs
from dream.web.look import COOKIE, LANGUAGES, SIZES, THEMES, Look, look
from dream.web.pages import pages

pages.add_app_template_global(look)


@pages.app_template_global()
def looks() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The themes, the sizes and the languages, with what they are called."""
    return THEMES, SIZES, LANGUAGES


@pages.get("/look")
@needs(None)
def change_look() -> ResponseReturnValue:
    """Keeps a look and goes back to where it was chosen."""
    chosen = Look.of(*(request.args.get(name, "") for name in ("theme", "size", "language")))
    answer = redirect(_back(), 303)
    answer.set_cookie(
        COOKIE, chosen.kept(), max_age=timedelta(days=365), httponly=True, samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )  # fmt: skip
    return answer


def _back() -> str:
    """The page that asked, where it is one of ours."""
    path = request.args.get("back", "")
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else url_for("pages.home")
