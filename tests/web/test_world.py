"""What a story has established, on its pages and in the API: ways to go on, its people, what holds, what was given."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from dream.service import Service
from dream.store import models
from dream.storytelling.world import World
from dream.web import build_app
from tests.web.reading import begin, post, remembered, text_of

PREMISES = {"en": ("A keeper of the lamp tells one kind lie.", "the keeper"), "ko": ("사공 두리가 강을 건넌다", "두리")}


def offered(page: str) -> list[str]:
    return [unescape(way) for way in re.findall(r'name="direction" value="([^"]+)"', page)]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_part_ends_with_ways_to_go_on(shelf: Service, reader: FlaskClient, language: str) -> None:
    _, scene = begin(reader, shelf, premise=PREMISES[language][0])
    ways = offered(reader.get(scene).text)
    assert len(ways) == 3
    answer = post(reader, f"{scene}/continue", scene, direction=ways[0])
    assert answer.status_code == 303
    assert ways[0] in text_of(reader.get(answer.location).text)


def test_a_part_that_is_told_or_read_offers_none_yet(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    scene_id = scene.rpartition("/")[2]
    with shelf.database.write() as session:
        row = session.get(models.Memory, scene_id)
        assert row
        row.state, row.claimed_at = "waiting", time.time()
    page = reader.get(scene).text
    assert offered(page) == []
    assert re.search(r'<form class="ways-on"[^>]* hidden>', page)
    assert reader.get(f"/api/v1/scenes/{scene_id}/memory").get_json()["state"] == "making"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_readers_correct_who_is_in_a_story(shelf: Service, reader: FlaskClient, language: str) -> None:
    premise, hero = PREMISES[language]
    _, scene = begin(reader, shelf, premise=premise)
    scene_id = scene.rpartition("/")[2]
    page = f"{scene}/world"
    assert hero in text_of(reader.get(page).text)
    post(reader, f"{scene}/cast", page, name=hero, called="Ada <b>", role="the one", traits="stubborn; slow;")
    shown = text_of(reader.get(page).text)
    assert "Ada <b>" in shown
    assert "the one · stubborn · slow" in shown
    cast = reader.get(f"/api/v1/scenes/{scene_id}/memory").get_json()["cast"]
    assert [one["name"] for one in cast].count("Ada <b>") == 1
    assert hero not in [one["name"] for one in cast]
    post(reader, f"{scene}/cast", page, name=hero, called="x", left_out="1")
    assert "Left out (1)" in text_of(reader.get(page).text)
    assert "Ada" not in str(reader.get(f"/api/v1/scenes/{scene_id}/memory").get_json()["cast"])
    post(reader, f"{scene}/cast", page, name=hero, back="1")
    assert hero in [one["name"] for one in reader.get(f"/api/v1/scenes/{scene_id}/memory").get_json()["cast"]]
    post(reader, f"{scene}/cast", page, called="Wick", role="owes money")
    assert "Wick" in text_of(reader.get(page).text)


@pytest.mark.parametrize(
    "wrong", [{"called": ""}, {"called": "x" * 81}, {"called": "A", "role": "x" * 201}, {"called": "."}]
)
def test_what_cannot_be_said_of_somebody_changes_nothing(
    shelf: Service, reader: FlaskClient, wrong: dict[str, str]
) -> None:
    story, scene = begin(reader, shelf)
    refused = post(reader, f"{scene}/cast", scene, **wrong)
    assert refused.status_code == 422
    assert 'class="wrong"' in refused.text
    assert shelf.library.memories.corrections(story.rpartition("/")[2]) == []


def test_what_a_reader_lays_down_goes_into_the_next_prompt(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    kept = post(
        reader, f"{scene}/world", f"{scene}/world", note="Keep it wry.", facts="The sea is dry.\n\n The sea is dry. "
    )
    assert kept.status_code == 303
    found = shelf.library.stories.story(story.rpartition("/")[2])
    assert found
    assert (found.note, found.facts) == ("Keep it wry.", ["The sea is dry."])
    told = post(reader, f"{scene}/continue", scene, direction="").location
    next_ = told.rpartition("/")[2].partition("#")[0]
    assert [event.name for event in shelf.log.follow(next_) if event][-1] == "told"
    parts = {part["kind"]: part for part in reader.get(f"/api/v1/scenes/{next_}/prompt").get_json()["parts"]}
    assert parts["note"]["characters"] > len("Keep it wry.")
    page = text_of(reader.get(f"{told.partition('#')[0]}/prompt").text)
    assert "Your note to the storyteller" in page
    assert "Part 2, told by dream’s own loom" in page
    assert "The next part" in page


def test_the_running_summary_is_shown_in_its_own_words(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    told = urlsplit(post(reader, f"{scene}/continue", scene).location).path
    assert [event.name for event in shelf.log.follow(told.rpartition("/")[2]) if event][-1] == "told"
    page = text_of(reader.get(f"{remembered(shelf, told)}/prompt").text)
    way = shelf.library.scenes.path(told.rpartition("/")[2])
    summary = shelf.world.remembered(way).summary
    assert len(summary) > 100
    heading, _, below = page.partition("The story so far, in short")
    assert summary not in heading
    assert summary in below


def test_what_there_was_no_room_for_is_said(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    facts = "\n".join(f"{number} " + "x" * 190 for number in range(20))
    assert post(reader, f"{scene}/world", scene, note="n" * 1000, facts=facts).status_code == 303
    narrow = shelf.settings.model_copy(update={"memory_budget": 2000})
    shelf.world = World(narrow, shelf.library, shelf.remembering)
    following = reader.get(f"/api/v1/scenes/{scene.rpartition('/')[2]}/prompt").get_json()["following"]
    parts = {part["kind"]: part for part in following}
    assert parts["note"]["left_out"] == 0
    assert parts["facts"]["left_out"] > 2000
    assert parts["cast"] == {"kind": "cast", "characters": 0, "left_out": parts["cast"]["left_out"], "number": 0}


@pytest.mark.parametrize(
    "wrong", [{"note": "x" * 1001}, {"facts": "x" * 201}, {"facts": "\n".join(map(str, range(21)))}]
)
def test_what_is_too_much_is_not_laid_down_and_not_lost(
    shelf: Service, reader: FlaskClient, wrong: dict[str, str]
) -> None:
    _, scene = begin(reader, shelf)
    refused = post(reader, f"{scene}/world", scene, **wrong)
    assert refused.status_code == 422
    assert next(iter(wrong.values())) in unescape(refused.text)
    assert "aria-invalid" in refused.text


def test_a_program_lays_down_and_corrects(client: FlaskClient) -> None:
    begun = client.post("/api/v1/stories", json={"premise": "Ilse rings a bell."}).get_json()
    mine = {"Authorization": f"Bearer {begun['reader_token']}"}
    url = begun["story"]["url"]
    laid = client.put(f"{url}/standing", json={"note": "Wry.", "facts": ["Dry.", ""]}, headers=mine)
    assert laid.json == {"note": "Wry.", "facts": ["Dry."]}
    assert client.get(f"{url}/standing", headers=mine).json == laid.json
    said = client.post(f"{url}/cast", json={"name": "Ilse", "role": "rings"}, headers=mine)
    assert said.json
    assert said.json["corrections"][0]["role"] == "rings"
    assert client.put(f"{url}/standing", json={"note": "x" * 1001}, headers=mine).status_code == 422
    assert client.post(f"{url}/cast", json={"name": "Ilse", "take_back": True}, headers=mine).json == {
        "corrections": []
    }


def test_nothing_of_it_is_anothers(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    other = build_app(shelf).test_client()
    for path in (f"{scene}/world", f"{scene}/prompt", f"/api/v1/scenes/{scene.rpartition('/')[2]}/memory"):
        assert other.get(path).status_code == 404
    assert post(other, f"{scene}/world", note="Mine.").status_code == 404
    assert post(other, f"{scene}/cast", called="Mine").status_code == 404
