"""Whether the process lives, whether it can serve, and which build it is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from dream import __version__
from dream.retrieval.export.manifest import find_model
from dream.service import Service
from dream.store.schema import SCHEMA
from dream.web.current import service

health = Blueprint("health", __name__)
logger = logging.getLogger(__name__)


@health.get("/livez")
def live() -> ResponseReturnValue:
    return jsonify(status="ok")


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """Each dependency by name: "ok", "missing" for one that dream can serve without, or "failed"."""
    states = {name: _state(check) for name, check in _CHECKS.items()}
    failed = "failed" in states.values()
    return jsonify(status="failed" if failed else "ok", checks=states), 503 if failed else 200


@health.get("/version")
def version() -> ResponseReturnValue:
    return jsonify(version=__version__, schema=SCHEMA)


def _state(check: Callable[[Service], str]) -> str:
    try:
        return check(service())
    except Exception:
        logger.exception("a dependency failed its check")
        return "failed"


def _database(service: Service) -> str:
    with service.database.read() as session:
        session.execute(text("SELECT 1"))
    return "ok"


def _vectors(service: Service) -> str:
    service.vectors.open()
    return "ok"


def _model(service: Service) -> str:
    return "ok" if find_model(service.settings) else "missing"


def _storyteller(service: Service) -> str:
    return "ok" if service.storyteller.name else "failed"


_CHECKS = {"database": _database, "vectors": _vectors, "model": _model, "storyteller": _storyteller}
