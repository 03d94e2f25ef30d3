"""A reader's stories as they keep them: named, put away, brought back, shared, rewritten."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from dream.service import Service
from dream.web import build_app
from tests.serving import Serving
from tests.web import browsing
from tests.web.reading import PREMISE, begin, post, text_of


def scene_text(service: Service, scene: str) -> str:
    found = service.library.scenes.scene(scene.rpartition("/")[2])
    assert found
    return found.text


def test_stories_are_found_again_by_their_words(shelf: Service, reader: FlaskClient) -> None:
    assert "No story of yours is here yet" in reader.get("/stories").text
    story, scene = begin(reader, shelf)
    listed = text_of(reader.get("/stories").text)
    assert PREMISE in listed
    assert scene_text(shelf, scene)[:40] in " ".join(listed.split())
    assert story in reader.get("/stories?q=LAMP+keeper").text
    assert "Your one story does not hold these words." in reader.get("/stories?q=zeppelin").text
    assert PREMISE not in build_app(shelf).test_client().get("/stories").text


def test_a_story_put_away_is_out_of_sight_and_comes_back_whole(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    told = reader.get(scene).text
    away = post(reader, f"{story}/away", scene)
    assert "is put away" in reader.get(away.location).text
    assert reader.get(scene).status_code == 404
    assert reader.get("/api/v1/stories").get_json()["stories"] == []
    post(reader, f"{story}/back", away.location)
    assert text_of(reader.get(scene).text) == text_of(told)


def test_a_title_is_the_readers_and_names_the_book(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    post(reader, f"{story}/title", scene, title="  The <kind>\n lie ")
    assert '<h1 lang="en">The &lt;kind&gt; lie</h1>' in reader.get(scene).text
    assert reader.get(f"{scene}/book.txt").text.startswith("The <kind> lie\n")
    assert post(reader, f"{story}/title", scene, title="x" * 121).status_code == 422
    post(reader, f"{story}/title", scene, title="")
    assert "You asked for" in reader.get(scene).text


def test_a_story_is_renamed_from_the_list_and_the_reader_stays_there(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin(reader, shelf)
    answer = post(reader, f"{story}/title", "/stories", title="The kind lie", listed="1")
    assert urlsplit(answer.location).path == "/stories"
    assert "The kind lie" in text_of(reader.get("/stories").text)


def test_a_name_is_written_beside_the_story_in_the_list(loom: Serving, open_page: Any) -> None:
    page: Page = open_page(loom, viewport={"width": 320, "height": 640})
    browsing.begin(page, PREMISE, length="short")
    browsing.state(page, "told")
    page.get_by_role("button", name="Tell it again").click()
    browsing.state(page, "told")
    page.locator("#sharing summary").click()
    page.get_by_role("button", name="Make a link to share it").click()
    page.goto("/stories")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opens = page.locator(".rename summary")
    place = opens.bounding_box()
    opens.click()
    assert opens.bounding_box() == place  # what is pressed to open it stays, to close it again
    page.get_by_label("What you call this story").fill("The kind lie")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="The kind lie")).to_be_visible()
    expect(page.get_by_label("What you call this story")).to_be_hidden()


def test_a_shared_story_is_read_by_its_link_until_that_is_closed(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    post(reader, f"{story}/share", scene)
    link = re.search(r'value="(http[^"]+/shared/[^"]+)"', reader.get(scene).text)
    assert link
    path, anybody = urlsplit(link[1]).path, build_app(shelf).test_client()
    page = anybody.get(path)
    assert page.status_code == 200
    assert "csrf_token" not in page.text  # nothing in it changes anything
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert scene_text(shelf, scene)[:60] in " ".join(text_of(page.text).split())
    assert (shown := anybody.get(scene)).status_code == 404, shown.text
    post(reader, f"{story}/share", scene, closed="1")
    assert anybody.get(path).status_code == 404
    post(reader, f"{story}/share", scene)
    assert path not in reader.get(scene).text
    assert anybody.get(path).status_code == 404


def test_a_shared_story_names_a_private_shelf_and_shows_none_of_its_words(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    post(reader, f"{story}/share", scene)
    key = shelf.library.stories.story(story.rpartition("/")[2])
    assert key
    excerpt = shelf.sources.of(scene.rpartition("/")[2])[0]["excerpt"][:50]
    anybody = build_app(shelf).test_client()
    shown = text_of(anybody.get(f"/shared/{key.shared_as}").text)
    assert excerpt in shown
    corpus = shelf.corpus("starter")
    shelf.library.corpora.change(corpus.id, title="Drafts", public=False)
    hidden = text_of(anybody.get(f"/shared/{key.shared_as}").text)
    assert excerpt not in hidden
    assert "Ask Him on the Stairs" in hidden


def test_words_of_the_readers_own_stand_beside_what_was_told(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    told = scene_text(shelf, scene)
    changed = told.replace("\n\n", "\n\nThe kettle was mine.\n\n", 1)
    answer = post(reader, f"{scene}/rewrite", scene, text=changed)
    mine = urlsplit(answer.location).path
    assert scene_text(shelf, mine) == changed
    assert scene_text(shelf, scene) == told
    page = reader.get(mine).text
    assert "In your own words" in page
    assert "Told 2 times" in text_of(page)
    assert 'class="tied"' in page
    events = [event.name for event in shelf.log.follow(mine.rpartition("/")[2]) if event]
    assert (events[0], events[-1]) == ("begin", "told")
    further = urlsplit(post(reader, f"{mine}/continue", mine).location).path
    [*_] = shelf.log.follow(further.rpartition("/")[2])
    parts = reader.get(further).text.split("<article")
    assert ["In your own words" in part for part in parts[1:]] == [True, False]
    story = scene.partition("/scenes/")[0]
    post(reader, f"{story}/share", further)
    link = re.search(r'value="(http[^"]+/shared/[^"]+)"', reader.get(further).text)
    assert link
    shared = build_app(shelf).test_client().get(urlsplit(link[1]).path).text
    assert "In the reader’s own words" in shared
    assert "In your own words" not in shared


@pytest.mark.parametrize("text", ["", "   \n ", "a\x00b", "x" * 20_001])
def test_words_that_cannot_be_kept_change_nothing(shelf: Service, reader: FlaskClient, text: str) -> None:
    story, scene = begin(reader, shelf)
    refused = post(reader, f"{scene}/rewrite", scene, text=text)
    assert refused.status_code == 422
    assert len(shelf.library.scenes.of_story(story.rpartition("/")[2])) == 1


def test_nothing_of_a_story_is_changed_by_another_reader(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    other = build_app(shelf).test_client()
    for path in (f"{story}/title", f"{story}/away", f"{story}/back", f"{story}/share", f"{scene}/rewrite"):
        assert post(other, path, title="Mine", text="Mine.").status_code == 404
    kept = shelf.library.stories.story(story.rpartition("/")[2])
    assert kept
    assert (kept.title, kept.put_away_at, kept.shared_as) == ("", None, None)


def test_a_story_is_deleted_for_good_only_once_it_is_put_away(shelf: Service, reader: FlaskClient) -> None:
    story, scene = begin(reader, shelf)
    story_id = story.rpartition("/")[2]
    post(reader, f"{scene}/cast", scene, called="Wick")
    post(reader, f"{scene}/continue", scene, direction="")
    last = shelf.library.scenes.of_story(story_id)[-1]
    assert [event.name for event in shelf.log.follow(last.id) if event][-1] == "told"
    assert post(reader, f"{story}/delete", scene).status_code == 404
    assert reader.get(scene).status_code == 200
    post(reader, f"{story}/away", scene)
    assert post(build_app(shelf).test_client(), f"{story}/delete").status_code == 404
    assert post(reader, f"{story}/delete", "/stories").status_code == 303
    assert "is deleted" in reader.get("/stories").text
    assert shelf.library.stories.story(story_id) is None
    assert shelf.library.scenes.of_story(story_id) == []
    assert shelf.library.ledger.line(last.id)


def test_a_story_says_how_many_ways_lead_through_it(shelf: Service, reader: FlaskClient) -> None:
    _, scene = begin(reader, shelf)
    assert "branch" not in text_of(reader.get("/stories").text)
    for text in ("One end.", "Another end."):
        post(reader, f"{scene}/rewrite", scene, text=text)
    assert "3 parts3 branches" in text_of(reader.get("/stories").text)
