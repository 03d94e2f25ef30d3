"""What a reader is told when something is not as it should be: calmly, in either language, what is kept first."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import update

import dream.web
from dream.service import Service
from dream.store import models
from dream.web import build_app
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.axe import violations
from tests.web.browsing import PREMISE, state
from tests.web.reading import begin, post

LANGUAGES = pytest.mark.parametrize("language", ["en", "ko"])


CATALOGUE = Path(dream.web.__file__).parent / "translations" / "ko" / "LC_MESSAGES" / "messages.po"
KEPT = r"(?:your premise|what (?:you wrote|was told|this account holds)|the file) is kept|nothing was deleted"


def test_every_message_says_what_is_kept_before_what_failed() -> None:
    with CATALOGUE.open("rb") as catalogue:
        said = [str(message.id) for message in read_po(catalogue)]
    assert len(said) > 500
    assert [text for text in said if re.search(rf"[.;,] (?:and )?(?:{KEPT})", text, re.IGNORECASE)] == []


def speaking(service: Service, language: str) -> FlaskClient:
    reader = build_app(service).test_client()
    reader.set_cookie("look", f"..{language}")
    return reader


@LANGUAGES
def test_too_many_readers(open_service: OpenService, upstream: FakeUpstream, language: str) -> None:
    upstream.script(after=1, latch="half")
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model="fake", tellings=1)
    reader = speaking(service, language)
    assert post(reader, "/", premise=PREMISE).status_code == 303
    refused = post(reader, "/", premise="Another bell rings.")
    upstream.release("half")
    assert refused.status_code == 503
    wait = refused.headers["Retry-After"]
    assert {
        "en": f"Your premise is kept. Every storyteller is busy just now. Please try again in {wait} seconds.",
        "ko": f"적으신 글은 그대로 있습니다. 지금은 이야기꾼이 모두 바쁩니다. {wait}초 뒤에 다시 해 주십시오.",
    }[language] in unescape(refused.text)
    assert ">Another bell rings.</textarea>" in refused.text


@LANGUAGES
def test_the_storyteller_is_down(open_service: OpenService, upstream: FakeUpstream, language: str) -> None:
    upstream.script(fault="401")
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model="fake")
    reader = speaking(service, language)
    story = urlsplit(post(reader, "/", premise=PREMISE).location).path
    scene = service.library.scenes.of_story(story.removeprefix("/stories/"))[-1]
    assert [event for event in service.log.follow(scene.id) if event][-1].name == "failed"
    kept, happened = {
        "en": ("Your premise is kept.", "The storyteller's server did not accept dream's key"),
        "ko": ("적으신 글은 그대로 있습니다.", "이야기꾼의 서버가 dream의 키나 그 계정을 받아들이지 않았습니다."),
    }[language]
    page = unescape(reader.get(story).text)
    assert re.search(rf'role="status"[^>]*>\s*{re.escape(kept)} {re.escape(happened)}', page)
    # A follower is told so in their language; the log keeps what was written.
    followed = reader.get(f"/api/v1/scenes/{scene.id}/events").text
    assert f'"sentence":"{kept} {happened}' in followed
    assert "Your premise is kept." in service.log.read(scene.id)[-1].data


@LANGUAGES
def test_an_interrupted_part(open_service: OpenService, upstream: FakeUpstream, language: str) -> None:
    upstream.script(pieces=["The bell rang. ", "It rang "], after=2, fault="drop")
    service = open_service(storyteller="openai", openai_base_url=upstream.base_url, model="fake")
    reader = speaking(service, language)
    story = urlsplit(post(reader, "/", premise=PREMISE).location).path
    scene = service.library.scenes.of_story(story.removeprefix("/stories/"))[-1]
    assert [event for event in service.log.follow(scene.id) if event][-1].name == "interrupted"
    kept = {
        "en": "What was told is kept, and can be continued. The line to the storyteller broke off before the end.",
        "ko": "들려드린 데까지는 그대로 있고, 이어서 들으실 수 있습니다. 이야기꾼과의 연결이 끝나기 전에 끊어졌습니다.",
    }[language]
    page = reader.get(story).text
    assert kept in unescape(page)
    assert "The bell rang. It rang" in page


@LANGUAGES
def test_withdrawn_sources(shelf: Service, language: str) -> None:
    reader = speaking(shelf, language)
    story, address = begin(reader, shelf)
    cited = shelf.sources.of(address.rsplit("/", 1)[1])[0]["work"]
    with shelf.database.write() as session:
        session.execute(update(models.Work).where(models.Work.id == cited["id"]).values(live_version_id=None))
    page = reader.get(story).text
    assert {"en": "An inspiration that its author has taken back.", "ko": "글쓴이가 거두어 간 글입니다."}[
        language
    ] in page
    assert cited["title"] not in page
    note = re.search(r'<li class="note" tabindex="-1" id="(note-[^"]+)"[^>]*>\s*<p data-when="withdrawn">', page)
    assert note, "it stands among what sentences lean on"
    assert f'href="#{note[1]}"' in page  # and those sentences still name it


@LANGUAGES
def test_what_http_refuses_is_headed_in_the_readers_words(service: Service, language: str) -> None:
    page = speaking(service, language).get("/stories/none/away").text
    assert {"en": "<h1>Nothing to do here</h1>", "ko": "<h1>여기서는 할 수 없습니다</h1>"}[language] in page
    program = build_app(service).test_client().delete("/api/v1/corpora").get_json()
    assert program["title"] == "Method Not Allowed"


@LANGUAGES
def test_an_empty_library_and_an_empty_shelf(service: Service, language: str) -> None:
    reader = speaking(service, language)
    said = {
        "/stories": {"en": "No story of yours is here yet.", "ko": "아직 들으신 이야기가 없습니다."},
        "/": {"en": "This shelf is still empty", "ko": "서가가 아직 비어 있어서"},
        "/works": {"en": "The shelf is empty.", "ko": "서가가 비어 있습니다."},
        "/search": {"en": "This shelf is still empty.", "ko": "서가가 아직 비어 있습니다."},
    }
    for path, sentences in said.items():
        assert sentences[language] in reader.get(path).text


@LANGUAGES
def test_a_dropped_line_is_taken_up_where_it_broke(
    relay: Serving, upstream: FakeUpstream, open_page: Any, language: str
) -> None:
    upstream.script(pieces=["The bell rang. ", "It rang ", "twice."], after=2, latch="second")
    page: Page = open_page(relay, locale=language)
    page.goto("/")
    page.locator("#premise").fill(PREMISE)
    page.locator(".begin button").click()
    expect(page.locator(".prose p")).to_have_text(["The bell rang. It rang"])
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")  # the line is let go, and cannot be taken up
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    state(page, "reconnecting")
    expect(page.get_by_role("status")).to_have_text(
        {
            "en": "What was told is kept. The line dropped; coming back to where it stopped",
            "ko": "들려드린 데까지는 그대로 있습니다. 연결이 끊어져 멈춘 자리로 돌아가고 있습니다",
        }[language]
    )
    assert violations(page) == []
    page.context.set_offline(False)
    upstream.release("second")
    state(page, "told")
    expect(page.locator(".prose p")).to_have_text(["The bell rang. It rang twice."])
    expect(page.get_by_role("status")).to_have_text(
        {"en": "This part is told.", "ko": "이 대목을 다 들려드렸습니다."}[language]
    )
