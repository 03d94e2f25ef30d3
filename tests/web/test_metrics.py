"""/metrics: what it says after a story, and who may ask."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from dream.service import Service
from dream.storytelling.brief import Brief
from tests.conftest import OpenService


def shown(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_story_is_counted(client: FlaskClient, service: Service) -> None:
    before = shown(client)
    brief = Brief(premise="A bell.", length="short")
    _, scene = service.begin_story(service.library.stories.new_reader(), brief, service.check_story(brief))
    assert [event for event in service.log.follow(scene.id) if event][-1].name == "told"
    service.tellings.close()
    after = shown(client)

    def added(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert added("dream_tellings_total['', 'told']") == 1
    assert added("dream_first_piece_seconds_count['loom']") == 1
    assert added("dream_pieces_total['loom']") > 10
    assert added("dream_retrieval_seconds_count[]") == 1
    assert added("dream_commit_seconds_count[]") >= 3
    assert after["dream_followers[]"] == after["dream_tellings_live[]"] == after["dream_jobs_waiting[]"] == 0
    assert (after["dream_breaker['closed', 'loom']"], after["dream_breaker['loom', 'open']"]) == (1, 0)
    assert "dream_store_errors_total['vectors']" in after


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_from_behind_a_proxy_there_is_nothing(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 404


def test_from_another_machine_there_is_nothing(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


def test_a_proxy_that_is_trusted_does_not_open_it(open_service: OpenService) -> None:
    from dream.web import build_app

    trusting = build_app(open_service(proxies=1)).test_client()
    assert trusting.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
