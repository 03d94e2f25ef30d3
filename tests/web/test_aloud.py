"""Reading aloud, with voices that the test speaks for: a headless browser has none."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.serving import Serving
from tests.web.axe import violations
from tests.web.browsing import KOREAN, PREMISE, begin, prose, state

VOICES = """
  window.SpeechSynthesisUtterance = class extends EventTarget {
    constructor(text) { super(); this.text = text; }
  };
  const speech = new EventTarget();
  Object.assign(speech, { voices: [], said: [], hushed: 0 });
  speech.getVoices = () => speech.voices;
  speech.speak = (utterance) => speech.said.push(utterance);
  speech.cancel = () => { speech.hushed += 1; };
  speech.found = (...voices) => { speech.voices = voices; speech.dispatchEvent(new Event("voiceschanged")); };
  speech.spoken = () => speech.said.at(-1).dispatchEvent(new Event("end"));
  Object.defineProperty(window, "speechSynthesis", { value: speech });
"""
SAID = "speechSynthesis.said.map(({ text }) => text)"
LIT = "[...(CSS.highlights.get('aloud') ?? [])].map(String).join('')"


def story(loom: Serving, open_page: Any, premise: str) -> Page:
    page: Page = open_page(loom)
    page.add_init_script(VOICES)
    begin(page, premise)
    state(page, "told")
    return page


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def test_it_is_offered_where_a_voice_speaks_the_language(loom: Serving, open_page: Any) -> None:
    page = story(loom, open_page, KOREAN)
    expect(button(page, "Read aloud")).to_be_hidden()
    page.evaluate("speechSynthesis.found({ lang: 'en-GB', localService: true })")
    expect(button(page, "Read aloud")).to_be_hidden()
    page.evaluate(
        "speechSynthesis.found({ lang: 'ko_KR', name: 'far' }, { lang: 'ko-KR', name: 'near', localService: true })"
    )
    button(page, "Read aloud").click()
    assert page.evaluate("speechSynthesis.said[0].voice.name") == "near"
    assert page.evaluate("speechSynthesis.said[0].lang") == "ko"
    assert prose(page).startswith(page.evaluate(SAID)[0])
    assert violations(page) == []


def test_the_sentence_that_is_read_is_lit_and_all_are_read(loom: Serving, open_page: Any) -> None:
    page = story(loom, open_page, PREMISE)
    page.evaluate("speechSynthesis.found({ lang: 'en-US' })")
    button(page, "Read aloud").click()
    sentences = []
    while button(page, "Stop reading").is_visible():
        sentences.append(page.evaluate(SAID)[-1])
        assert page.evaluate(LIT) == sentences[-1]
        page.evaluate("speechSynthesis.spoken()")
    assert len(sentences) > 5
    assert " ".join(sentences).split() == prose(page).split()  # every word once, and no number of a source
    assert page.evaluate(LIT) == ""
    expect(button(page, "Read aloud")).to_be_visible()


def test_it_pauses_reads_on_and_stops(loom: Serving, open_page: Any) -> None:
    page = story(loom, open_page, PREMISE)
    page.evaluate("speechSynthesis.found({ lang: 'en-US' })")
    button(page, "Read aloud").focus()
    page.keyboard.press("Enter")
    page.evaluate("speechSynthesis.spoken()")
    second = page.evaluate(SAID)[-1]
    expect(button(page, "Pause reading")).to_be_focused()
    hushed = page.evaluate("speechSynthesis.hushed")
    page.keyboard.press("Enter")
    assert page.evaluate("speechSynthesis.hushed") == hushed + 1
    page.evaluate("speechSynthesis.spoken()")  # browsers end what they are told to leave
    assert page.evaluate(SAID)[1:] == [second]
    expect(button(page, "Read on")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate(SAID)[1:] == [second, second]
    button(page, "Stop reading").click()
    assert page.evaluate(LIT) == ""
    expect(button(page, "Read aloud")).to_be_focused()


@pytest.mark.parametrize("missing", ["Object.defineProperty(window, 'speechSynthesis', { value: undefined })", ""])
def test_a_browser_without_voices_offers_nothing(loom: Serving, open_page: Any, missing: str) -> None:
    page: Page = open_page(loom)
    page.add_init_script(missing)
    begin(page)
    state(page, "told")
    expect(page.locator(".aloud")).to_be_hidden()
