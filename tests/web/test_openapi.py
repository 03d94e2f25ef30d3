"""schemathesis on the OpenAPI document: no answer of ours is a server error, or one that the document does not know.
More than 2,000 cases nightly, a sample each time.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dream.service import Service
from tests.accounts.test_gate import account, token
from tests.trials import Trials

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.mark.parametrize("cases", [8, pytest.param(120, marks=pytest.mark.nightly)])
def test_every_operation_answers_as_the_document_says(
    app: Flask, service: Service, cases: int, request: pytest.FixtureRequest
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    headers = {"Authorization": f"Bearer {token(service, account(service, 'ada', 'admin'), 'read', 'tell', 'author')}"}
    trials = Trials("OpenAPI")
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # what cannot be read of the document raises here
        if not operation.path.endswith("/events"):  # which streams until its story ends
            _ask(operation, headers, cases, trials)
    trials.show(request.config)


def _ask(operation: Any, headers: dict[str, str], cases: int, trials: Trials) -> None:
    @settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(headers=headers)
        if response.status_code != 503:
            case.validate_response(response, checks=CHECKS)
        trials.count(f"{operation.method.upper()} {operation.path}")

    ask()


def test_what_may_come_besides_an_answer_is_described(app: Flask) -> None:
    paths = app.test_client().get("/openapi.json").get_json()["paths"]
    for path in ("/api/v1/stories", "/api/v1/stories/{story_id}/scenes"):
        assert {"429", "503"} <= paths[path]["post"]["responses"].keys()
    assert "204" in paths["/api/v1/scenes/{scene_id}/events"]["get"]["responses"]
    assert "414" in paths["/api/v1/search"]["get"]["responses"]
    assert "content" not in paths["/api/v1/corpora/{corpus_id}"]["delete"]["responses"]["204"]


def test_an_answer_without_content_names_no_type(app: Flask, service: Service) -> None:
    key = token(service, account(service, "ada"), "read", "author")
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    made = client.post("/api/v1/corpora", json={"title": "Mine"}, headers=headers)
    gone = client.delete(f"/api/v1/corpora/{made.get_json()['id']}", headers=headers)
    assert gone.status_code == 204
    assert "Content-Type" not in gone.headers
