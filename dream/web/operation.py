"""An API operation: what it takes, what it answers and how it refuses, said once for the view, the checks and the
OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

import orjson
from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from dream.actor import Scope
from dream.errors import BadRequest, BriefRefused, DreamError
from dream.storytelling.refusals import refusals
from dream.web.access import needs


@dataclass(frozen=True, slots=True)
class Operation:
    """`answer` None means an answer without JSON (see `media`). Every operation may also answer the errors in
    `refuses`.
    """

    summary: str
    scope: Scope | None
    status: int
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    refuses: tuple[type[DreamError], ...]
    media: str


def operation(
    summary: str,
    *,
    scope: Scope | None,
    status: int = 200,
    answer: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    refuses: tuple[type[DreamError], ...] = (),
    media: str = "application/json",
) -> Callable[[Callable[..., Any]], Callable[..., ResponseReturnValue]]:
    """Says who may ask (see dream.web.access), checks the request against `body` and `query`, hands them to the view
    by those names, and answers what it returns as JSON.
    """

    def describe(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def checked(**path: Any) -> ResponseReturnValue:
            if body is not None:
                path["body"] = _checked(body, _json())
            if query is not None:
                path["query"] = _checked(query, request.args.to_dict())
            result = view(**path)
            if isinstance(result, BaseModel):
                return Response(result.model_dump_json(), status=status, mimetype="application/json")
            return cast(ResponseReturnValue, result)

        checked.operation = Operation(summary, scope, status, answer, body, query, refuses, media)  # type: ignore[attr-defined]
        return needs(scope)(checked)

    return describe


def _checked(model: type[BaseModel], data: Any) -> BaseModel:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        fields = refusals(error)
        name, sentence = next(iter(fields.items()))
        raise BriefRefused(sentence if name in ("premise", "body") else f"{name}: {sentence}", fields) from None


def _json() -> Any:
    data = request.get_data()
    if not data:
        return {}
    if not request.is_json:
        raise BadRequest("Please send JSON, with Content-Type: application/json.")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadRequest(
            "That is not valid JSON in UTF-8. Please check quotes, commas and escapes, and send it again."
        ) from None
