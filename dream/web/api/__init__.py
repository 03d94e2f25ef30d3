"""The API for programs, under /api/v1; described at /openapi.json."""

from __future__ import annotations

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api/v1")

from dream.web.api import search, stories, works  # noqa: E402, F401  # each registers its views on `api`
