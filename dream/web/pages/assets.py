"""Style, script and fonts, under one address for each build of them.

The address holds the hash of all static files, so that they can be kept for ever, and so that scripts and styles may
name each other relatively and still never mix two builds.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory, url_for

from dream.web.access import needs
from dream.web.pages import pages

FOLDER = Path(__file__).parent.parent / "static"
FOR_EVER = 365 * 24 * 3600


@cache
def build() -> str:
    """Twelve hexadecimal digits that change with any static file."""
    digest = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(FOLDER)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@pages.app_template_global()
def asset(name: str) -> str:
    """The address of a static file."""
    return url_for("pages.static_file", version=build(), name=name)


@pages.get("/static/<version>/<path:name>")
@needs(None)
def static_file(version: str, name: str) -> Response:
    """A static file: kept for ever under its own build, never under another's, whose pages may still be open."""
    response = send_from_directory(FOLDER, name)
    response.headers["Cache-Control"] = f"public, max-age={FOR_EVER}, immutable" if version == build() else "no-cache"
    return response
