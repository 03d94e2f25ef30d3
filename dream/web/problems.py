"""Errors as people and programs see them: a page for the one, an RFC 9457 problem document for the other, a sentence
for both.
"""

from __future__ import annotations

import logging
import sqlite3
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from flask_babel import format_timedelta, gettext
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from dream.errors import BriefRefused, Busy, DreamError, FormRefused, SignInNeeded, TooMany
from dream.web.languages import translated
from dream.wording import worded

PROBLEM = "application/problem+json"

logger = logging.getLogger(__name__)

_HEADINGS = {
    400: worded("Not understood"),
    405: worded("Nothing to do here"),
    413: worded("Too much at once"),
}
"""What stands over the sentence on a page; programs are given the name that HTTP has for it."""
_SENTENCES = {
    400: worded("The request could not be read. Nothing was changed."),
    404: worded("There is nothing at this address."),
    405: worded("This address does not answer that kind of request."),
    413: worded("That is more than dream takes at once. Nothing was changed: please send less."),
    415: worded("Please send JSON, with Content-Type: application/json."),
}


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; `detail` is a sentence for the person."""

    type: str = Field("about:blank", description="Always about:blank: the code says what happened.")
    title: str
    status: int
    code: str
    detail: str
    retry: bool = Field(description="Whether the same request may succeed later.")
    fields: dict[str, str] | None = Field(
        None, description="Where what was sent needs a change: what to change about each field."
    )


def answer(app: Flask) -> None:
    """Answers every error that leaves a view."""
    app.register_error_handler(DreamError, _dream_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def problem(error: DreamError) -> Problem:
    """What is said of an error, in the language of whoever asks."""
    fields = error.fields if isinstance(error, BriefRefused | FormRefused) and error.fields else None
    return Problem(
        type="about:blank",
        title=translated(error.title),
        status=error.status,
        code=error.code,
        detail=said_of(error),
        retry=error.retry,
        fields={name: translated(sentence) for name, sentence in fields.items()} if fields else None,
    )


def said_of(error: DreamError) -> str:
    """The sentence of an error, in the language of whoever asks; where everything is busy, with the time to wait."""
    sentence = translated(error.sentence)
    if not isinstance(error, Busy):
        return sentence
    wait = format_timedelta(timedelta(seconds=error.wait_seconds), granularity="second", threshold=1)
    again = gettext("Please try again in %(time)s.", time=wait)
    return f"{sentence} {again}"


def _dream_error(error: DreamError) -> Response:
    if isinstance(error, SignInNeeded) and request.method == "GET" and not _is_for_programs():
        return make_response(redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")), 303))
    response = _respond(problem(error))
    if isinstance(error, Busy | TooMany):
        response.headers["Retry-After"] = str(error.wait_seconds)
    if isinstance(error, SignInNeeded):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    status = HTTPStatus(error.code)
    detail = translated(_SENTENCES.get(error.code, f"{status.phrase}."))
    heading = translated(_HEADINGS.get(error.code, worded("That did not work")))
    response = _respond(
        Problem(
            type="about:blank",
            title=status.phrase if _is_for_programs() else heading,
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


def of_database(error: OperationalError) -> DreamError:
    """What people are told where a statement came to nothing: to wait, unless it could never have been carried out."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # such as of a table that is not there
        return unexpected(error)
    logger.error("the database did not answer: %s", error.orig)
    return Busy("Nothing was changed. The library is busy just now.")


def _database_error(error: OperationalError) -> Response:
    return _dream_error(of_database(error))


def unexpected(error: Exception) -> DreamError:
    """What people are told of an error that nobody foresaw; the log says more."""
    logger.error("an unexpected error at %s %s", request.method, request.url_rule, exc_info=error)
    return DreamError("Something went wrong on our side. What was there before is kept; please try again.")


def _unexpected(error: Exception) -> Response:
    return _dream_error(unexpected(error))


def _is_for_programs() -> bool:
    return request.path.startswith(("/api/", "/control/", "/livez", "/readyz", "/version", "/openapi.json"))


def _respond(found: Problem) -> Response:
    if _is_for_programs():
        body: Any = orjson.dumps(found.model_dump(exclude_none=True))
        return Response(body, status=found.status, mimetype=PROBLEM)
    return Response(render_template("error.html", problem=found), status=found.status)
