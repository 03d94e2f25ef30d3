"""Each request: its id, its line in the log, and its time."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from dream.logs import fields, fit_request_id, request_id
from dream.metrics import REQUESTS

logger = logging.getLogger(__name__)

_QUIET = ("/livez", "/readyz", "/metrics")  # asked every few seconds, by machines


def watch(app: Flask) -> None:
    """Set before everything else that looks at a request, so that a refused one has its line too."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began_at = time.monotonic()
    request_id.set(fit_request_id(request.headers.get("X-Request-ID")))


def _end(response: Response) -> Response:
    seconds = time.monotonic() - g.get("began_at", time.monotonic())
    REQUESTS.labels(str(request.url_rule or "none"), str(response.status_code)).observe(seconds)
    response.headers["X-Request-ID"] = request_id.get()
    level = logging.DEBUG if request.path in _QUIET else logging.INFO
    # The path of a route holds ids; any other path, and the query, may hold a reader's words, and stay out.
    said = fields(
        method=request.method, path=request.path if request.url_rule else None, status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
    )  # fmt: skip
    logger.log(level, "answered", extra=said)
    return response
