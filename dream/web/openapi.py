"""The OpenAPI document, made from the routes and the models that check their requests.

Written here rather than taken from a library: those at hand bring validation errors and response wrappers of their
own, and this is small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from dream import __version__
from dream.errors import BadRequest, BriefRefused, Busy, DreamError, Forbidden, SignInNeeded
from dream.web.operation import Operation
from dream.web.problems import PROBLEM, Problem

NO_CONTENT, TOO_LONG = 204, 414
EVENTS = "text/event-stream"
_REF = "#/components/schemas/{model}"


def document(app: Flask) -> Response:
    """The document of every described route, as OpenAPI 3.1."""
    described = list(_described(app))
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in described:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, operation)
    return jsonify(
        openapi="3.1.0",
        info={"title": "dream", "version": __version__, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        paths=paths,
        components={
            "schemas": _schemas([operation for _, _, operation in described]),
            "securitySchemes": {
                "reader": {"type": "http", "scheme": "bearer", "description": "The reader_token of a first answer."},
                "token": {"type": "http", "scheme": "bearer", "description": "A token of an account, from its page."},
            },
        },
        security=[{}, {"reader": []}, {"token": []}],
    )


def _described(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation: Operation | None = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, operation


def _operation(rule: Rule, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": operation.summary,
        "parameters": [*_path_parameters(rule), *_query_parameters(operation.query)],
        "responses": {str(operation.status): _answer(operation), **_refusals(operation)},
    }
    if operation.query:  # said by the server, before dream sees it
        described["responses"][str(TOO_LONG)] = {"description": "The address is longer than the server reads."}
    if operation.media == EVENTS:
        described["responses"][str(NO_CONTENT)] = {"description": "There is nothing more to follow."}
    if operation.scope in ("author", "admin"):
        described["security"] = [{"token": [operation.scope]}]
    if operation.body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.status == NO_CONTENT:
        return {"description": operation.summary}
    if operation.answer:
        return {"description": operation.summary, "content": {operation.media: {"schema": _ref(operation.answer)}}}
    return {"description": operation.summary, "content": {operation.media: {"schema": {"type": "string"}}}}


def _refusals(operation: Operation) -> dict[str, Any]:
    always: tuple[type[DreamError], ...] = (SignInNeeded, Forbidden, Busy)
    checks: tuple[type[DreamError], ...] = (BadRequest, BriefRefused) if operation.body or operation.query else ()
    statuses: dict[int, list[str]] = {}
    for error in (*always, *checks, *operation.refuses):
        statuses.setdefault(error.status, []).append(error.title)
    content = {PROBLEM: {"schema": _ref(Problem)}}
    return {
        str(status): {"description": " / ".join(dict.fromkeys(titles)), "content": content}
        for status, titles in sorted(statuses.items())
    }


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(rule.arguments)
    ]


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema["properties"].items()
    ]


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    bodies = {(operation.body, "validation") for operation in operations if operation.body}
    answers = {(operation.answer, "serialization") for operation in operations if operation.answer}
    models: list[Any] = sorted(bodies | answers | {(Problem, "serialization")}, key=lambda pair: pair[0].__name__)
    _, schemas = models_json_schema(models, ref_template=_REF)
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
