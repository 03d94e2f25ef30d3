"""Where commands reach a running service: a unix socket that only its owner can open, and no other address."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from dream.errors import DreamError, NotFound
from dream.operations import OPERATIONS, Report
from dream.web.access import needs
from dream.web.current import service

control = Blueprint("control", __name__, url_prefix="/control")
logger = logging.getLogger(__name__)


@control.before_request
def _from_the_socket_alone() -> None:
    connection: Any = request.environ.get("gunicorn.socket")
    if connection is None or connection.family != socket.AF_UNIX or connection.getsockname() != control_socket():
        raise NotFound("There is nothing at this address.")


def control_socket() -> str:
    """The path of the socket that this process answers commands on, "" where it answers none."""
    return str(current_app.config.get("CONTROL_SOCKET", ""))


@control.post("/<name>")
@needs(None)
def run(name: str) -> Response:
    """Runs an operation with the JSON arguments of the body; answers its reports, one JSON line each."""
    if name not in OPERATIONS:
        raise NotFound("There is no such operation.")
    reports = OPERATIONS[name](service(), **orjson.loads(request.get_data()))
    return Response(_lines(reports), mimetype="application/x-ndjson")


def _lines(reports: Iterator[Report]) -> Iterator[bytes]:
    """Each report on a line; an error becomes the last line, since the answer has begun by then."""
    try:
        for report in reports:
            yield orjson.dumps(report) + b"\n"
    except DreamError as error:
        yield orjson.dumps({"error": error.code, "sentence": error.sentence}) + b"\n"
    except Exception:
        logger.exception("an operation broke off")
        yield (
            orjson.dumps({"error": "internal", "sentence": "The service met an error of its own; its log says more."})
            + b"\n"
        )
