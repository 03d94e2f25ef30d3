"""A whole story kept as a file and brought from one, and a library opened in another browser."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dream.service import Service
from dream.storytelling.parcel import LARGEST, Parcel
from dream.web import build_app
from tests.accounts.test_gate import account
from tests.conftest import TALES, OpenService
from tests.web.reading import PREMISE, WORKS, begin, post, text_of

SCENE = {"id": "a", "text": "The bell rang. Nobody came."}
STORY: dict[str, Any] = {"dream": "story", "version": 1, "brief": {"premise": "A bell."}, "scenes": [SCENE]}
NAMED = {"work": "The Bell", "author": "A. Nobody", "licence": "CC0-1.0"}
TIED = {"start": 0, "end": 14, "ties": [{"source": 1, "strength": 0.9}]}
COPIED = {"start": 0, "end": 13, "source": 1, "fragment_start": 0, "fragment_end": 13, "words": 12}


def bring(reader: FlaskClient, data: bytes) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', reader.get("/").text)
    assert token
    form = {"csrf_token": token[1], "story": (io.BytesIO(data), "story.json")}
    return reader.post("/stories/bring", data=form)


def changed(**more: Any) -> bytes:
    return json.dumps({**STORY, **more}).encode()


@pytest.mark.parametrize("premise", [PREMISE, "사공 두리가 강을 건넌다"])
def test_a_story_goes_out_and_comes_back_whole(shelf: Service, reader: FlaskClient, premise: str) -> None:
    story, scene = begin(reader, shelf, premise=premise)
    story_id = story.rpartition("/")[2]
    post(reader, f"{story}/title", scene, title="The <b>bell</b>")
    post(reader, f"{scene}/world", scene, note="Wry.", facts="Dry.")
    post(reader, f"{scene}/cast", scene, called="Wick", role="owes", traits="slow; sly")
    mine = post(reader, f"{scene}/rewrite", scene, text="In my own words.\n\nAll of it.").location
    assert mine
    packed = reader.get(f"{story}/story.json")
    assert packed.headers["Content-Disposition"].startswith("attachment")
    assert packed.get_json()["scenes"][0]["sources"]
    assert story_id not in packed.text

    other = build_app(shelf).test_client()
    answer = bring(other, packed.data)
    assert answer.status_code == 303, answer.text
    brought = urlsplit(answer.location).path
    again, original = other.get(f"{brought}/story.json").get_json(), packed.get_json()
    assert again == original
    assert original["scenes"][0]["threads"]
    page = other.get(brought).text
    assert "The &lt;b&gt;bell&lt;/b&gt;" in page
    assert "Told 2 times" in text_of(page)
    last = shelf.library.scenes.of_story(brought.rpartition("/")[2])[-1]
    assert [event.name for event in shelf.log.follow(last.id) if event][-1] == "told"
    assert post(other, f"{brought}/scenes/{last.id}/continue", brought, direction="").status_code == 303
    assert reader.get(brought).status_code == 404


NO_PARCELS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    changed(dream="tale"),
    changed(version=2),
    changed(more=1),
    changed(scenes=[]),
    changed(scenes=[{**SCENE, "parent": "b"}]),
    changed(scenes=[{**SCENE, "parent": "a"}]),
    changed(scenes=[SCENE, SCENE]),
    changed(scenes=[{**SCENE, "id": str(number)} for number in range(501)]),
    changed(scenes=[{**SCENE, "text": "x" * 60_001}]),
    changed(scenes=[{**SCENE, "text": " \n "}]),
    changed(scenes=[{**SCENE, "text": "a\x00b"}]),
    changed(scenes=[{**SCENE, "text": "half \ud83d"}]),
    changed(scenes=[{**SCENE, "state": "telling"}]),
    changed(scenes=[{**SCENE, "story_id": "another"}]),
    changed(scenes=[{**SCENE, "direction": "x" * 501}]),
    changed(scenes=[{**SCENE, "threads": [TIED]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [TIED, TIED]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "end": 0}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "end": 2**31}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "end": 29}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "start": -1}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "ties": []}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "ties": [{"source": 1, "strength": 2}]}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "threads": [{**TIED, "ties": [{"source": 0, "strength": 1}]}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED], "copied": [{**COPIED, "source": 2}]}]),
    changed(scenes=[{**SCENE, "sources": [{**NAMED, "fragment_id": "w.1.0"}]}]),
    changed(scenes=[{**SCENE, "sources": [{**NAMED, "place": {"file": "w", "start": 0, "end": 1}}]}]),
    changed(scenes=[{**SCENE, "sources": [NAMED] * 21}]),
    changed(brief={"premise": ""}),
    changed(brief={"premise": "x" * 2001}),
    changed(title="x" * 121),
    changed(note="x" * 1001),
    changed(facts=["x"] * 21),
    changed(people=[{"name": "", "called": ""}]),
]


def test_what_no_dream_has_packed_is_not_brought(app: Flask) -> None:
    reader = app.test_client()
    for data in NO_PARCELS:
        refused = bring(reader, data)
        assert refused.status_code == 422, data[:400]
        assert "othing was brought" in text_of(refused.text)
    assert reader.get("/api/v1/library").get_json()["stories"] == []


def test_what_is_larger_than_a_parcel_is_not_read(client: FlaskClient) -> None:
    small = client.post("/api/v1/stories/bring", data=b" " * 300_000, content_type="application/json")
    assert small.status_code == 400  # beyond a form's limit, and read
    large = client.post("/api/v1/stories/bring", data=b" " * (LARGEST + 1), content_type="application/json")
    assert large.status_code == 413


def test_what_a_parcel_says_is_only_text(shelf: Service, reader: FlaskClient) -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)> “@@00000000 end”"
    data = changed(
        title=hostile, note=hostile, facts=[hostile], brief={"premise": hostile, "corpus": "no-such-shelf"},
        people=[{"name": "M", "called": hostile[:60], "role": hostile}],
        scenes=[{
            **SCENE, "text": f"{hostile} It rang.", "direction": hostile, "storyteller": hostile[:80],
            "sources": [{"work": hostile, "author": hostile, "licence": hostile}],
            "threads": [TIED], "copied": [COPIED],
        }],
    )  # fmt: skip
    answer = bring(reader, data)
    assert answer.status_code == 303, text_of(answer.text)
    brought = urlsplit(answer.location).path
    scene = shelf.library.scenes.of_story(brought.rpartition("/")[2])[0]
    ways = (f"{brought}/scenes/{scene.id}/{way}" for way in ("world", "prompt", "woven"))
    pages = (brought, *ways, "/stories", "/")
    for path in pages:
        page = reader.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
    assert scene.id not in ("a", "")
    assert shelf.library.scenes.sources(scene.id) == []
    assert [row["work"]["id"] for row in shelf.sources.of(scene.id)] == [""]


def test_another_shelf_shows_what_it_has_and_names_the_rest(
    shelf: Service, reader: FlaskClient, open_service: OpenService, tmp_path: Path
) -> None:
    story, _ = begin(reader, shelf)
    packed = reader.get(f"{story}/story.json").get_json()
    scene = packed["scenes"][0]
    named = [source["work"] for source in scene["sources"]]
    leaned = sorted({named[tie["source"] - 1] for thread in scene["threads"] for tie in thread["ties"]})
    kept = next(TALES / name for name in WORKS if f"title: {leaned[0]}" in (TALES / name).read_text())
    elsewhere = open_service(home=tmp_path / "elsewhere")
    list(elsewhere.ingest.files([kept], "starter"))
    there = build_app(elsewhere).test_client()

    def brought() -> tuple[str, str]:
        address = urlsplit(bring(there, json.dumps(packed).encode()).location).path
        return address, elsewhere.library.scenes.of_story(address.rpartition("/")[2])[0].id

    address, scene_id = brought()
    shown = elsewhere.sources.of(scene_id)
    assert [row["work"]["title"] for row in shown] == named
    assert {row["work"]["title"] for row in shown if row["excerpt"]} == {leaned[0]}
    assert all(bool(row["excerpt"]) == bool(row["work"]["id"]) for row in shown)
    page = text_of(there.get(address).text)
    assert all(title in page for title in named)
    assert ("Not on this shelf" in page) == any(not row["excerpt"] for row in shown)
    woven = text_of(there.get(f"{address}/scenes/{scene_id}/woven").text)
    assert all(title in woven for title in leaned)
    assert there.get(f"{address}/story.json").get_json() == packed  # and on to a third

    elsewhere.library.works.withdraw(next(row["work"]["id"] for row in shown if row["excerpt"]))
    for before_and_after in (address, brought()[0]):
        page = text_of(there.get(before_and_after).text)
        assert leaned[0] not in page
        assert "taken back" in page


def test_the_digest_of_a_private_works_file_opens_nothing(shelf: Service, reader: FlaskClient) -> None:
    mara = account(shelf, "mara")
    private = shelf.library.corpora.make("drafts-7f3k", "Drafts", mara.id, public=False)
    list(shelf.ingest.files([TALES / "ko" / "stone-bell-girl.md"], "drafts-7f3k"))
    work = shelf.library.works.works(private.id)[0]
    fragment = shelf.library.fragments.of(str(work.live_version_id))[0]
    place = shelf.library.scenes.places([fragment.id])[fragment.id]._asdict()
    data = changed(scenes=[{**SCENE, "sources": [{**NAMED, "place": place}], "threads": [TIED]}])
    brought = urlsplit(bring(reader, data).location).path
    scene = shelf.library.scenes.of_story(brought.rpartition("/")[2])[0]
    assert shelf.library.scenes.sources(scene.id) == []
    assert fragment.text[:40] not in reader.get(brought).text


def test_a_program_keeps_its_library(client: FlaskClient) -> None:
    brought = client.post("/api/v1/stories/bring", json=STORY)
    assert brought.status_code == 201, brought.text
    found = brought.get_json()
    mine = {"Authorization": f"Bearer {found['reader_token']}"}
    url = found["story"]["url"]

    def kept(**query: Any) -> list[dict[str, Any]]:
        stories: list[dict[str, Any]] = client.get("/api/v1/library", query_string=query, headers=mine).get_json()[
            "stories"
        ]
        return stories

    assert client.put(f"{url}/title", json={"title": " The  bell "}, headers=mine).get_json() == {"title": "The bell"}
    assert client.put(f"{url}/title", json={"title": "x" * 121}, headers=mine).status_code == 422
    assert [one["title"] for one in kept(q="bell")] == ["The bell"]
    assert kept(q="zeppelin") == []
    shared = client.put(f"{url}/sharing", json={"shared": True}, headers=mine).get_json()["shared"]
    assert client.get(shared).status_code == 200
    assert client.put(f"{url}/sharing", json={"shared": True}, headers=mine).get_json()["shared"] == shared
    assert client.put(f"{url}/sharing", json={"shared": False}, headers=mine).get_json() == {"shared": None}
    assert client.get(shared).status_code == 404
    assert client.delete(url, headers=mine).get_json()["stories"][0]["put_away"]
    assert kept() == []
    assert len(kept(away=True)) == 1
    assert client.get(url, headers=mine).status_code == 404
    assert client.post(f"{url}/back", headers=mine).status_code == 200
    packed = client.get(f"{url}/parcel", headers=mine).get_json()
    assert Parcel.model_validate(packed).scenes[0].text == SCENE["text"]


def private_link(reader: FlaskClient) -> str:
    page = post(reader, "/stories/link", "/stories")
    found = re.search(r'value="(http[^"]+/elsewhere/[^"]+)"', page.text)
    assert found
    return urlsplit(found[1]).path


def test_a_private_link_opens_a_library_in_another_browser(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin(reader, shelf)
    path = private_link(reader)
    other = build_app(shelf).test_client()
    theirs, _ = begin(other, shelf, premise="사공 두리가 강을 건넌다")
    looked = other.get(path)
    assert looked.headers["Referrer-Policy"] == "no-referrer"
    assert "1 story" in text_of(looked.text)
    assert other.get(story).status_code == 404  # looking alone opens nothing
    assert post(other, path, path, along="1").status_code == 303
    assert other.get(story).status_code == 200
    assert other.get(theirs).status_code == 200
    assert reader.get(theirs).status_code == 200  # one reader in two browsers


def test_what_stays_behind_is_not_taken_and_a_closed_link_opens_nothing(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin(reader, shelf)
    path = private_link(reader)
    other = build_app(shelf).test_client()
    theirs, _ = begin(other, shelf)
    assert post(other, path, path).status_code == 303
    assert other.get(theirs).status_code == 404
    assert reader.get(theirs).status_code == 404
    newer = private_link(reader)
    third = build_app(shelf).test_client()
    assert third.get(path).status_code == 404
    assert third.get(newer).status_code == 200
    post(reader, "/stories/link", "/stories", closed="1")
    assert post(third, newer).status_code == 404
    assert third.get(story).status_code == 404
