"""A story opens where its reader left it: in real Chromium, and at its last part where nothing else is known."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect

from dream.service import Service
from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.browsing import KOREAN, PHONE, PREMISE, begin, state
from tests.web.reading import begin as begin_by_form

LEFT = 30
"""Where the paragraph that is being read begins, in pixels below the screen's top edge."""

SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


@pytest.mark.parametrize(
    ("options", "premise", "door"),
    [
        pytest.param({}, PREMISE, "/", id="desktop-english-home"),
        pytest.param({"viewport": PHONE, "reduced_motion": "reduce"}, KOREAN, "/stories", id="phone-korean-library"),
    ],
)
def test_a_story_opens_where_it_was_left(
    loom: Serving, open_page: Any, options: dict[str, Any], premise: str, door: str
) -> None:
    page: Page = open_page(loom, **options)
    begin(page, premise)
    state(page, "told")
    page.locator(".continue button.first").click()
    page.wait_for_url("**/scenes/*")
    state(page, "told")
    left = page.locator(".scene").first.locator(".prose p").nth(4)
    words = left.inner_text()
    _read_from(page, left)
    page.goto(door)
    page.locator("a[data-story]").first.click()
    expect(page.locator(".scene")).to_have_count(2)
    found = page.get_by_text(words, exact=True)
    expect(found).to_be_in_viewport()
    assert 0 <= found.evaluate("p => p.getBoundingClientRect().top") < 2 * LEFT
    assert page.evaluate(SHIFT) <= 0.05
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.goto(door)
    page.locator("a[data-story]").first.click()
    expect(page.locator(".premise")).to_be_in_viewport()


def _read_from(page: Page, paragraph: Locator) -> None:
    paragraph.evaluate(
        f"p => scrollTo({{ top: scrollY + p.getBoundingClientRect().top - {LEFT}, behavior: 'instant' }})"
    )
    page.wait_for_function("scrollY > 0")


def test_a_story_left_while_it_is_told_opens_at_the_part_that_is_told(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["The bell rang.\n\n" * 60, "Then it stopped."])
    page = open_page(relay)
    begin(page)
    state(page, "told")
    upstream.script(pieces=["It rang again.\n\n" * 60, "And stopped."], after=1, latch="half")
    page.locator(".continue button.first").click()
    state(page, "telling")
    expect(page.locator(".prose p")).to_have_count(121)
    _read_from(page, page.locator(".scene").last.locator(".prose p").nth(40))
    page.goto("/")
    page.locator("a[data-story]").first.click()
    state(page, "telling")
    expect(page.locator(".scene").last).to_be_in_viewport()
    upstream.release("half")
    state(page, "told")


def test_without_a_place_a_story_opens_at_its_last_part(shelf: Service, reader: FlaskClient) -> None:
    story, _ = begin_by_form(reader, shelf)
    for page in ("/", "/stories"):
        assert f'href="{story}#last-part"' in reader.get(page).text
    assert reader.get(story).text.count('id="last-part"') == 1
