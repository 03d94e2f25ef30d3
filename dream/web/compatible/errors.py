"""Errors in OpenAI's shape, which its clients turn into exceptions of their own."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from dream.errors import Busy, DreamError, TooMany
from dream.web.compatible import compatible
from dream.web.problems import of_database, unexpected

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
# Codes that OpenAI's clients and those who write them know.
_CODES = {"sign_in_needed": "invalid_api_key", "corpus_missing": "model_not_found", "too_many": "rate_limit_exceeded"}


class Refused(DreamError):
    """A request that cannot be answered as it is; `param` names the field at fault."""

    code = "invalid_value"
    status = 400

    def __init__(self, sentence: str, param: str | None = None, code: str = "invalid_value") -> None:
        super().__init__(sentence)
        self.param = param
        self.code = code


def shape(sentence: str, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": sentence, "type": kind, "param": param, "code": _CODES.get(code, code)}}


@compatible.errorhandler(DreamError)
def dream_error(error: DreamError) -> Response:
    param = error.param if isinstance(error, Refused) else None
    response = _response(shape(error.sentence, error.status, error.code, param), error.status)
    if isinstance(error, Busy | TooMany):
        response.headers["Retry-After"] = str(error.wait_seconds)
    return response


@compatible.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _response(shape(error.description or error.name, status, error.name.lower().replace(" ", "_")), status)


@compatible.errorhandler(OperationalError)
def database_error(error: OperationalError) -> Response:
    return dream_error(of_database(error))


@compatible.errorhandler(Exception)
def other_error(error: Exception) -> Response:
    return dream_error(unexpected(error))


def _response(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status=status, mimetype="application/json")
