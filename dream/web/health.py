"""Whether the process lives, whether it can serve, and which build it is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from dream import __version__
from dream.errors import VectorsUnreachable
from dream.service import Service
from dream.store.schema import SCHEMA
from dream.web.access import needs
from dream.web.current import service

health = Blueprint("health", __name__)
logger = logging.getLogger(__name__)


@health.get("/livez")
@needs(None)
def live() -> ResponseReturnValue:
    return jsonify(status="ok")


@health.get("/readyz")
@needs(None)
def ready() -> ResponseReturnValue:
    """Each dependency by name: "ok", "missing" for one that dream can serve without, or "failed". 503 where one failed,
    and while a stopping process lets its stories end.
    """
    states = {name: _state(check) for name, check in _CHECKS.items()}
    status = "draining" if service().tellings.draining else "failed" if "failed" in states.values() else "ok"
    return jsonify(status=status, checks=states), 200 if status == "ok" else 503


@health.get("/version")
@needs(None)
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
    try:
        service.vector_stores.open()
    except VectorsUnreachable:
        return "missing"
    return "ok"


def _model(service: Service) -> str:
    return "ok" if service.models.folder() else "missing"


def _storyteller(service: Service) -> str:
    return "ok" if service.storyteller.name else "failed"


_CHECKS = {"database": _database, "vectors": _vectors, "model": _model, "storyteller": _storyteller}
