"""Who may use a route: said beside it, checked before its view runs. A route that says nothing stops the build.

    @pages.post("/corpora")
    @needs("author")
    def make() -> ResponseReturnValue: ...

API operations say it as `scope`. None is for what everybody may always see: sign-in, health, style sheets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

from dream.actor import Scope

View = TypeVar("View", bound=Callable[..., Any])


def needs(scope: Scope | None) -> Callable[[View], View]:
    """Marks a view with the scope that its caller needs."""

    def mark(view: View) -> View:
        view.needs = scope  # type: ignore[attr-defined]
        return view

    return mark


def needed(app: Flask, endpoint: str) -> Scope | None:
    """The scope that an endpoint's view was marked with."""
    scope: Scope | None = getattr(app.view_functions[endpoint], "needs")  # noqa: B009 - a mark, not an attribute that types know
    return scope


def check_marked(app: Flask) -> None:
    """Raises LookupError where a route does not say who may use it."""
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "needs")]
    if silent:
        raise LookupError(f"Mark these views with @needs(...), see dream.web.access: {', '.join(sorted(silent))}")
