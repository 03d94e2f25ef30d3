"""Inspirations beside the text: in the margin where there is one, in a sheet at the foot where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.axe import violations
from tests.web.browsing import PHONE, begin, state

ANCHORS = """() => [...document.querySelectorAll('.placed > .notes > .note')].map(note => {
    const top = e => e.getBoundingClientRect().top;
    const paragraph = document.querySelector(`.mark a[href="#${note.id}"]`).closest('p');
    return [top(note), top(paragraph), note.getBoundingClientRect().bottom, note.getBoundingClientRect().left
        - paragraph.getBoundingClientRect().right];
})"""


def test_a_note_stands_beside_its_paragraph_or_below_the_one_before(loom: Serving, open_page: Any) -> None:
    page: Page = open_page(loom)
    begin(page)
    state(page, "told")
    expect(page.locator(".placed")).to_have_count(1)
    _beside(page)
    page.locator(".note summary").first.click()  # a longer note pushes the others down
    expect(page.locator(".note details[open]")).to_have_count(1)
    _beside(page)
    page.reload()
    expect(page.locator(".placed")).to_have_count(1)
    _beside(page)


def _beside(page: Page) -> None:
    page.wait_for_function(f"""() => {{
        const notes = ({ANCHORS})();
        return notes.length > 1 && notes.every(([top, anchor], at) => {{
            const least = at ? Math.max(anchor, notes[at - 1][2]) : anchor;
            return top >= least - 1 && top <= least + 12;
        }});
    }}""")
    assert all(apart > 0 for *_, apart in page.evaluate(ANCHORS))


BELOW = """() => {
    const told = document.querySelector('.prose').getBoundingClientRect().bottom;
    const tops = [...document.querySelectorAll('.inspirations > .notes > .note')]
        .map(note => note.getBoundingClientRect().top);
    return tops.every((top, at) => top > (at ? tops[at - 1] : told));
}"""


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 860}, PHONE], ids=["margin", "sheet"])
def test_on_paper_the_works_stand_below_the_text(loom: Serving, open_page: Any, viewport: Any) -> None:
    page: Page = open_page(loom, viewport=viewport)
    begin(page)
    state(page, "told")
    page.emulate_media(media="print")
    works = page.locator(".inspirations > .notes .origin")
    assert works.count() > 1
    for work in works.all():
        expect(work).to_be_visible()
    expect(page.locator(".note blockquote").first).to_be_hidden()
    expect(page.locator(".desk")).to_be_hidden()
    assert page.evaluate(BELOW)


def test_numbers_count_up_through_the_text(loom: Serving, open_page: Any) -> None:
    page: Page = open_page(loom)
    begin(page)
    state(page, "told")
    marks = page.locator(".mark a").all_inner_texts()
    first = list(dict.fromkeys(int(mark) for mark in marks))
    assert first == list(range(1, len(first) + 1))
    shown = page.locator(".inspirations > .notes > .note").evaluate_all("ns => ns.map(n => +n.dataset.source)")
    assert shown == first


def test_without_a_margin_a_number_opens_the_sheet_and_the_page_keeps_its_place(loom: Serving, open_page: Any) -> None:
    page: Page = open_page(loom, viewport=PHONE, has_touch=True)
    begin(page)
    state(page, "told")
    sheet = page.locator(".inspirations")
    expect(sheet).to_be_hidden()
    mark = page.locator(".mark a").first
    mark.tap()
    expect(sheet).to_be_visible()
    note = page.locator(".note:focus")
    expect(note).to_have_attribute("data-source", mark.inner_text())
    expect(note).to_contain_text("CC0-1.0")
    expect(mark).to_be_in_viewport()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(mark).to_be_focused()
    page.get_by_role("button", name="Inspirations").tap()
    expect(sheet).to_be_visible()
    page.get_by_role("button", name="Close").tap()
    expect(sheet).to_be_hidden()


def test_without_scripts_the_inspirations_stand_below_the_text(loom: Serving, open_page: Any) -> None:
    page: Page = open_page(loom, viewport=PHONE, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("What story would you like to be told?").fill("A keeper of the lamp tells one kind lie.")
    page.get_by_role("button", name="Tell me this story").click(no_wait_after=True)
    page.get_by_role("link", name="See which sentences lean on what").click()
    expect(page.locator(".note").first).to_be_visible()
    expect(page.get_by_role("button", name="Inspirations")).to_be_hidden()


def test_what_was_told_live_can_be_changed_at_once(relay: Serving, upstream: FakeUpstream, open_page: Any) -> None:
    upstream.script(pieces=["The bell rang.\n\n", "It rang twice."])
    page: Page = open_page(relay)
    begin(page)
    state(page, "told")
    page.get_by_text("Change the words").click()
    words = page.get_by_label("This part in your own words.")
    expect(words).to_have_value("The bell rang.\n\nIt rang twice.")
    words.fill("The bell was silent.")
    page.get_by_role("button", name="Keep these words").click()
    expect(page.locator(".prose")).to_have_text("The bell was silent.")
    expect(page.get_by_text("In your own words, after what was told.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Other tellings of this part")).to_contain_text("Told 2 times")
