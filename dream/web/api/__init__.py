"""The API for programs, under /api/v1; described at /openapi.json."""

from __future__ import annotations

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api/v1")

from dream.web.api import accounts, corpora, desk, library, search, stories, works, world  # noqa: E402, F401  # each registers on `api`
