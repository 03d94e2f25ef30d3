"""The API as a program meets it: a plain client without cookies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.web import build_app
from dream.web.auth import secret_key

PREMISE = {"premise": "A keeper who may not lie", "seed": 7, "length": "short"}


def begin(client: FlaskClient, **brief: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A begun story, and the headers that its reader sends from then on."""
    answer = client.post("/api/v1/stories", json={**PREMISE, **brief})
    assert answer.status_code == 201, answer.text
    begun: dict[str, Any] = answer.get_json()
    return begun, {"Authorization": f"Bearer {begun['reader_token']}"}


def frames(answer: TestResponse) -> list[tuple[int, str, str]]:
    return [
        (int(n), name, data) for n, name, data in re.findall(r"id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n", answer.text)
    ]


def test_a_story_is_begun_and_followed_without_cookies(client: FlaskClient) -> None:
    begun, reader = begin(client)
    stream = client.get(begun["events"], headers=reader)
    assert stream.mimetype == "text/event-stream"
    assert stream.headers["X-Accel-Buffering"] == "no"
    events = frames(stream)
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    assert events[-1][1] == "told"
    scene = client.get(begun["scene"]["url"], headers=reader).get_json()
    assert scene["state"] == "told"
    assert scene["text"]


def test_no_answer_to_a_cookieless_request_sets_a_cookie(client: FlaskClient) -> None:
    begun, reader = begin(client)
    for answer in (client.post("/api/v1/stories", json=PREMISE), client.get(begun["story"]["url"], headers=reader)):
        assert "Set-Cookie" not in answer.headers


def test_a_stream_goes_on_after_the_last_event_that_was_seen(client: FlaskClient) -> None:
    begun, reader = begin(client)
    events = frames(client.get(begun["events"], headers=reader))
    again = frames(client.get(begun["events"] + "?after=1", headers={**reader, "Last-Event-ID": "3"}))
    assert again == events[3:]
    assert frames(client.get(begun["events"] + "?after=2", headers=reader)) == events[2:]
    past = client.get(begun["events"], headers={**reader, "Last-Event-ID": str(len(events))})
    assert past.status_code == 204


@pytest.mark.parametrize("last", ["", "x", "-1", "1.5", "9" * 30, "٣"])
def test_a_last_event_id_that_is_no_number_starts_at_the_beginning(client: FlaskClient, last: str) -> None:
    begun, reader = begin(client)
    assert frames(client.get(begun["events"], headers={**reader, "Last-Event-ID": last}))[0][0] == 1


def test_over_the_cap_a_follower_is_told_when_to_come_back(service: Service) -> None:
    service.settings = service.settings.model_copy(update={"followers": 1})
    client = build_app(service).test_client(use_cookies=False)
    begun, reader = begin(client)
    held = client.get(begun["events"], headers=reader, buffered=False)
    crowded = client.get(begun["events"], headers=reader)
    assert (crowded.status_code, crowded.text) == (200, "retry: 5000\n\n")
    held.close()
    assert frames(client.get(begun["events"], headers=reader))


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "premise"),
        ({"premise": ""}, 422, "premise"),
        ({"premise": "x" * 2001}, 422, "premise"),
        ({"premise": "a\x00b"}, 422, "premise"),
        ({"premise": "A bell", "length": "endless"}, 422, "length"),
        ({"premise": "A bell", "seed": -1}, 422, "seed"),
        ({"premise": "A bell", "corpus": "../etc"}, 422, "corpus"),
        ({"premise": "A bell", "temperature": 1}, 422, "temperature"),
        ({"premise": ["A bell"]}, 422, "premise"),
        ([], 422, "body"),
        ({"premise": "A bell", "corpus": "nowhere"}, 404, None),
    ],
)
def test_a_brief_that_cannot_be_told_says_what_to_change(
    client: FlaskClient, body: Any, status: int, field: str | None
) -> None:
    answer = client.post("/api/v1/stories", json=body)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["detail"]
    assert set(answer.json) <= {"type", "title", "status", "code", "detail", "retry", "fields"}
    if field:
        assert field in answer.json["fields"]


def test_a_refused_request_makes_no_reader(service: Service, client: FlaskClient) -> None:
    assert client.post("/api/v1/stories", json={"premise": "A bell", "corpus": "nowhere"}).status_code == 404
    browser = build_app(service).test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    assert token
    assert browser.post("/", data={"csrf_token": token[1], "premise": ""}).status_code == 422
    with service.database.read() as session:
        assert session.scalar(select(func.count()).select_from(models.Reader)) == 0


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"premise": "\\ud800"}', b"A bell", b'"A bell" '])
def test_what_is_not_json_is_refused_with_a_sentence(client: FlaskClient, raw: bytes) -> None:
    answer = client.post("/api/v1/stories", data=raw, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_form_is_not_taken_for_json(client: FlaskClient) -> None:
    answer = client.post("/api/v1/stories", data={"premise": "A bell"})
    assert answer.status_code == 400
    assert "JSON" in answer.text


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/stories", json={"premise": "x" * 300_000})
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


# Whose stories


def test_nobody_sees_or_touches_another_readers_story(client: FlaskClient) -> None:
    begun, reader = begin(client)
    _, stranger = begin(client)
    scene, story = begun["scene"]["url"], begun["story"]["url"]
    for headers in (stranger, {}):
        for url in (scene, story, begun["events"]):
            assert client.get(url, headers=headers).status_code == 404
        assert client.post(f"{scene}/stop", headers=headers).status_code == 404
        body = {"again": begun["scene"]["id"]}
        assert client.post(f"{story}/scenes", headers=headers, json=body).status_code == 404
    assert client.get(scene, headers=reader).status_code == 200


def test_a_scene_of_another_story_cannot_be_continued_into_ones_own(client: FlaskClient) -> None:
    theirs, _ = begin(client)
    mine, reader = begin(client)
    answer = client.post(f"{mine['story']['url']}/scenes", headers=reader, json={"after": theirs["scene"]["id"]})
    assert answer.status_code == 404


def test_a_forged_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/stories", json=PREMISE, headers={"Authorization": "Bearer forged"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_another_sites_page_cannot_start_a_story(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/stories", json=PREMISE, headers=headers).status_code == 403


def test_a_browser_with_the_cookie_needs_the_csrf_token(app: Flask) -> None:
    browser = app.test_client()
    page = browser.get("/")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    assert browser.post("/api/v1/stories", json=PREMISE).status_code == 403
    answer = browser.post("/api/v1/stories", json=PREMISE, headers={"X-CSRFToken": token.group(1)})
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["reader_token"] is None
    assert browser.get(answer.json["story"]["url"]).status_code == 200


def test_a_key_that_a_full_disk_left_empty_is_made_anew(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "secret-key").touch()
    made = secret_key(settings)
    assert len(made) > 40
    assert secret_key(settings) == made
    assert (settings.home / "secret-key").stat().st_mode & 0o777 == 0o600


# Going on


def test_a_story_goes_on_and_is_told_again(client: FlaskClient) -> None:
    begun, reader = begin(client)
    scenes = f"{begun['story']['url']}/scenes"
    first = begun["scene"]
    frames(client.get(begun["events"], headers=reader))
    following = client.post(scenes, headers=reader, json={"after": first["id"], "direction": "It rains."}).json
    sibling = client.post(scenes, headers=reader, json={"again": first["id"]}).json
    assert following is not None
    assert sibling is not None
    assert (following["parent"], following["direction"]) == (first["id"], "It rains.")
    assert sibling["parent"] is None
    for scene in (following, sibling):
        frames(client.get(scene["events"], headers=reader))
    story = client.get(begun["story"]["url"], headers=reader).json
    assert story is not None
    texts = [scene["text"] for scene in story["scenes"]]
    assert len(texts) == len(set(texts)) == 3


@pytest.mark.parametrize(
    "body", [{}, {"after": "x", "again": "y"}, {"after": "x", "direction": "d" * 501}, {"again": 5}]
)
def test_a_next_scene_is_one_of_two_kinds(client: FlaskClient, body: dict[str, Any]) -> None:
    begun, reader = begin(client)
    assert client.post(f"{begun['story']['url']}/scenes", headers=reader, json=body).status_code == 422


# What is told


def test_sources_and_threads_are_shown_with_a_scene(stocked: Service) -> None:
    client = build_app(stocked).test_client(use_cookies=False)
    begun, reader = begin(client, premise="The keeper of Cold Point tells a lie in the lamp room", length="medium")
    frames(client.get(begun["events"], headers=reader))
    scene = client.get(begun["scene"]["url"], headers=reader).json
    assert scene is not None
    sources = {source["fragment_id"]: source for source in scene["sources"]}
    assert len(sources) >= 3
    assert all(source["work"]["title"] and source["excerpt"] for source in sources.values())
    assert scene["threads"]
    assert {tie["fragment_id"] for thread in scene["threads"] for tie in thread["ties"]} <= set(sources)


def test_what_is_withdrawn_is_gone_from_old_stories_sources(stocked: Service) -> None:
    client = build_app(stocked).test_client(use_cookies=False)
    begun, reader = begin(client, premise="The keeper of Cold Point tells a lie in the lamp room")
    frames(client.get(begun["events"], headers=reader))
    with stocked.database.write() as session:
        for work in stocked.library.works.works(stocked.corpus("starter").id):
            session.merge(work).live_version_id = None
    shown = frames(client.get(begun["events"], headers=reader))
    sources = next(data for _, name, data in shown if name == "sources")
    assert "Ask Him on the Stairs" not in sources
    assert '"withdrawn":true' in sources


def test_a_search_is_filtered_paged_and_explained(stocked: Service) -> None:
    client = build_app(stocked).test_client(use_cookies=False)

    def hits(**query: object) -> list[dict[str, Any]]:
        answer = client.get("/api/v1/search", query_string={"q": "a lantern on the ebb", **query}).get_json()
        return list(answer["hits"])

    every = hits(limit=4)
    assert [hit["fragment"] for hit in hits(limit=2, offset=2)] == [hit["fragment"] for hit in every[2:]]
    work = every[0]["work"]["id"]
    assert {hit["work"]["id"] for hit in hits(work=work)} == {work}
    assert hits(language="ko", licence="none such") == []
    found = hits(stages=1)[0]
    assert {"words", "meaning", "late"} <= set(found["stages"])
    assert every[0]["stages"] is None
    marked = {found["text"][start:end] for start, end in found["highlights"]}
    assert marked >= set(found["words"]) != set()


def test_search_and_works_can_be_read(stocked: Service) -> None:
    client = build_app(stocked).test_client(use_cookies=False)
    hits = client.get("/api/v1/search", query_string={"q": "the lamp room", "limit": 3}).json
    assert hits is not None
    assert len(hits["hits"]) == 3
    work = client.get(f"/api/v1/works/{hits['hits'][0]['work']['id']}").json
    assert work is not None
    assert work["text"][hits["hits"][0]["start"] : hits["hits"][0]["end"]] == hits["hits"][0]["text"]
    listed = client.get("/api/v1/works").json
    assert listed is not None
    assert work["title"] in [found["title"] for found in listed["works"]]
    assert client.get("/api/v1/works/nothing").status_code == 404
    assert client.get("/api/v1/search?q=x&corpus=nowhere").status_code == 404
    assert client.get("/api/v1/search").status_code == 422


# Around it


def test_health_names_each_dependency(client: FlaskClient) -> None:
    assert client.get("/livez").json == {"status": "ok"}
    ready = client.get("/readyz").json
    assert ready is not None
    assert ready["checks"] == {"database": "ok", "vectors": "ok", "model": "missing", "storyteller": "ok"}
    version = client.get("/version").json
    assert version is not None
    assert set(version) == {"version", "schema"}


def test_every_api_route_is_described(app: Flask, client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    described = {re.sub(r"\{(\w+)\}", r"<\1>", path) for path in document["paths"]}
    assert described == {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    schema = document["components"]["schemas"]["Brief"]
    assert schema["properties"]["premise"]["maxLength"] == 2000


def test_commands_have_no_door_on_the_public_address(client: FlaskClient) -> None:
    assert client.post("/control/reindex", json={}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/v1/works", "/nowhere", "/api/v1/nowhere", "/livez"])
def test_every_answer_carries_the_policy(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_unexpected_fault_shows_nothing_of_the_inside(app: Flask, client: FlaskClient) -> None:
    service: Service = app.extensions["dream"]
    service.library = None  # type: ignore[assignment]  # any fault of ours
    answer = client.get("/api/v1/corpora")
    assert answer.status_code == 500
    assert "NoneType" not in answer.text
    assert answer.json is not None
    assert answer.json["code"] == "error"
