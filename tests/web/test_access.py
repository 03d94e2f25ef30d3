"""Who may use which route, and whose shelves stories draw on."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dream.service import Service
from dream.web.access import check_marked
from tests.accounts.test_gate import account, token
from tests.conftest import TALES


def test_a_route_that_does_not_say_who_may_use_it_stops_the_build(app: Flask) -> None:
    check_marked(app)
    app.view_functions["pages.new"] = lambda: ""
    with pytest.raises(LookupError, match=r"pages\.new"):
        check_marked(app)


def test_a_private_shelf_is_nowhere_to_be_seen(service: Service, client: FlaskClient) -> None:
    mara, noor = account(service, "mara"), account(service, "noor")
    shelf = service.library.corpora.make("drafts-7f3k", "Drafts", mara.id, public=False)
    list(service.ingest.files([TALES / "en" / "eleven-coats.md"], "drafts-7f3k"))
    work = service.library.works.works(shelf.id)[0]
    paths = [
        f"/api/v1/works/{work.id}",
        f"/works/{work.id}",
        "/api/v1/works?corpus=drafts-7f3k",
        f"/api/v1/works?corpus={shelf.id}",
        "/api/v1/search?q=coats&corpus=drafts-7f3k",
    ]
    brief = {"premise": "Eleven coats", "corpus": "drafts-7f3k"}
    mine = {"Authorization": f"Bearer {token(service, mara, 'read', 'tell')}"}
    for headers in ({}, {"Authorization": f"Bearer {token(service, noor, 'read', 'tell', 'author')}"}):
        answers = [client.get(path, headers=headers) for path in paths]
        assert [answer.status_code for answer in answers] == [404] * len(paths)
        assert "Eleven" not in "".join(answer.text for answer in answers)
        assert "drafts" not in client.get("/api/v1/corpora", headers=headers).text
        assert "Eleven" not in client.get("/works", headers=headers).text
        assert client.post("/api/v1/stories", json=brief, headers=headers).status_code == 404
    assert [client.get(path, headers=mine).status_code for path in paths] == [200] * len(paths)
    begun = client.post("/api/v1/stories", json=brief, headers=mine)
    assert begun.status_code == 201
    assert begun.get_json()["reader_token"] is None  # an account's stories are not to be had by another way


def test_a_story_does_not_go_on_from_a_shelf_that_was_closed(service: Service, client: FlaskClient) -> None:
    mara, noor = account(service, "mara"), account(service, "noor")
    shelf = service.library.corpora.make("drafts-7f3k", "Drafts", mara.id, public=False)
    service.library.corpora.grant(shelf.id, noor.id, may_add=False)
    headers = {"Authorization": f"Bearer {token(service, noor, 'read', 'tell')}"}
    begun = client.post("/api/v1/stories", json={"premise": "A bell", "corpus": shelf.id}, headers=headers).get_json()
    assert client.get(begun["events"], headers=headers).text  # to its end
    again, scenes = {"again": begun["scene"]["id"]}, f"{begun['story']['url']}/scenes"
    assert client.post(scenes, json=again, headers=headers).status_code == 201
    service.library.corpora.revoke(shelf.id, noor.id)
    closed = client.post(scenes, json=again, headers=headers)
    assert closed.status_code == 409
    assert "kept" in closed.get_json()["detail"]


def test_a_token_does_what_it_was_made_for(service: Service, client: FlaskClient) -> None:
    mara = account(service, "mara")
    reading = {"Authorization": f"Bearer {token(service, mara, 'read')}"}
    refused = client.post("/api/v1/stories", json={"premise": "A bell"}, headers=reading)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")
    assert client.get("/api/v1/stories", headers=reading).status_code == 200
    unknown = client.get("/api/v1/stories", headers={"Authorization": "Bearer dream_madeup"})
    assert (unknown.status_code, unknown.get_json()["code"]) == (401, "sign_in_needed")
    assert unknown.headers["WWW-Authenticate"] == "Bearer"
