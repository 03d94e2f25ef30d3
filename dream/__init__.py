"""dream: a storytelling service whose every sentence shows its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["__version__", "create_app"]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when somebody asks: every process that reads a file would wait for it otherwise."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dream")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0"


def create_app(**overrides: Any) -> Flask:
    """The web application on a data folder. `overrides` are settings (see dream.settings) that win over the
    environment.

    Nothing is configured at import. Raises SetupFailed and SchemaRefused with a sentence for the operator.
    """
    from dream.service import Service  # a command that only asks for the version need not wait for the rooms
    from dream.settings import load_settings
    from dream.web import build_app

    return build_app(Service(load_settings(**overrides)))
