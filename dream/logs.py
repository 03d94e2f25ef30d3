"""Logs: one JSON object a line, with the id of the request that it belongs to, and no word of any story.

The id is the one that NGINX gave (X-Request-ID) or a new one. It goes along with what a request sets off: its telling,
the upstream call, a job.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")

LONGEST_ID = 64
REQUESTS = "dream.web.requests"
"""The logger that has a line for each answered request."""

_FIELDS = "fields"


def new_request_id() -> str:
    return secrets.token_hex(8)


def fit_request_id(given: str | None) -> str:
    """The id that somebody gave, where it is fit for a log line and a header; a new one otherwise."""
    if given and len(given) <= LONGEST_ID and given.isascii() and given.replace("-", "").replace("_", "").isalnum():
        return given
    return new_request_id()


def fields(**named: Any) -> dict[str, dict[str, Any]]:
    """More fields for a line: `logger.info("served", extra=fields(status=200))`."""
    return {_FIELDS: named}


def configure(level: str) -> None:
    """Sends all logs of this process to stderr: as JSON lines, or, where a person watches, in plain words and without
    a line for every request.
    """
    handler = logging.StreamHandler(sys.stderr)
    watched = sys.stderr.isatty()
    handler.setFormatter(PlainLines() if watched else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    if watched and level != "debug":
        logging.getLogger(REQUESTS).setLevel(logging.WARNING)
    for chatty in ("httpx", "httpx2", "httpcore", "openai", "chromadb", "urllib3", "alembic"):
        # They tell of bodies, of addresses, or of themselves; what is worth knowing of them dream logs itself.
        logging.getLogger(chatty).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if found := request_id.get():
            line["request_id"] = found
        line.update(getattr(record, _FIELDS, {}))
        if record.exc_info and record.exc_info[1]:
            line["error"] = _described(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


class PlainLines(logging.Formatter):
    """What JsonLines says, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        lines = [f"{record.levelname.lower()}: {record.getMessage()}"]
        if record.exc_info and record.exc_info[1]:
            lines += [f"    {where}" for where in _described(record.exc_info[1])]
        return "\n".join(lines)


def _described(error: BaseException) -> list[str]:
    """Where an error came from, without its own words: they may quote what a reader or a storyteller wrote. The errors
    of the system quote only names and numbers.
    """
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    said = f": {error}" if isinstance(error, OSError) else ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [*(_described(cause) if cause else []), *frames, f"{type(error).__module__}.{type(error).__name__}{said}"]
