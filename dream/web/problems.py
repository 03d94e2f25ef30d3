"""Errors as people and programs see them: a page for the one, an RFC 9457 problem document for the other, a sentence
for both.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, make_response, render_template, request
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from dream.errors import BriefRefused, Busy, DreamError

PROBLEM = "application/problem+json"

logger = logging.getLogger(__name__)

_SENTENCES = {
    400: "The request could not be read. Nothing was changed.",
    404: "There is nothing at this address.",
    405: "This address does not answer that kind of request.",
    413: "That is more than dream takes at once. Nothing was changed: please send less.",
    415: "Please send JSON, with Content-Type: application/json.",
}


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; `detail` is a sentence for the person."""

    type: str = Field("about:blank", description="Always about:blank: the code says what happened.")
    title: str
    status: int
    code: str
    detail: str
    retry: bool = Field(description="Whether the same request may succeed later.")
    fields: dict[str, str] | None = Field(None, description="For a refused brief: what to change about each field.")


def answer(app: Flask) -> None:
    """Answers every error that leaves a view."""
    app.register_error_handler(DreamError, _dream_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def problem(error: DreamError) -> Problem:
    fields = error.fields if isinstance(error, BriefRefused) and error.fields else None
    return Problem(
        type="about:blank",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.sentence,
        retry=error.retry,
        fields=fields,
    )


def _dream_error(error: DreamError) -> Response:
    response = _respond(problem(error))
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.wait_seconds)
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    status = HTTPStatus(error.code)
    detail = _SENTENCES.get(error.code, f"{status.phrase}.")
    response = _respond(
        Problem(
            type="about:blank",
            title=status.phrase,
            status=error.code,
            code=status.name.lower(),
            detail=detail,
            retry=False,
            fields=None,
        )
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _database_error(error: OperationalError) -> Response:
    logger.error("the database did not answer: %s", error.orig)
    return _dream_error(Busy("The library is busy just now. Nothing was changed; please try again in a few seconds."))


def _unexpected(error: Exception) -> Response:
    logger.error("an unexpected error at %s %s", request.method, request.path, exc_info=error)
    return _dream_error(
        DreamError("Something went wrong on our side. What was there before is kept; please try again.")
    )


def _respond(found: Problem) -> Response:
    if request.path.startswith(("/api/", "/control/", "/livez", "/readyz", "/version", "/openapi.json")):
        body: Any = orjson.dumps(found.model_dump(exclude_none=True))
        return Response(body, status=found.status, mimetype=PROBLEM)
    return Response(render_template("error.html", problem=found), status=found.status)
