"""The pages in real Chromium, served by a real `dream serve`."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.browsing import KOREAN, PHONE, PREMISE, begin, prose, state


def test_a_reader_types_a_premise_and_reads_a_story_with_its_sources(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    begin(page)
    state(page, "told")
    expect(page.get_by_text("Told by dream’s own loom")).to_be_visible()
    expect(page.get_by_role("button", name="Stop here")).to_be_hidden()
    notes = page.locator(".note")
    expect(notes.first).to_contain_text("CC0-1.0")
    note = page.locator(".note:not(.unused)").first
    number = note.get_attribute("data-source")
    note.get_by_role("link").hover()
    lit = page.locator(".tied.lit")
    expect(lit.first).to_have_attribute("data-sources", re.compile(rf"\b{number}\b"))
    leaning = note.locator("[data-slot=sentences]").inner_text
    note.locator("summary").click()
    assert page.locator(f'.tied[data-sources~="{number}"]').count() == int(leaning())
    expect(note.get_by_text("Found by its meaning")).to_be_visible()
    note.get_by_role("link").click()
    expect(page.locator(".passage.lit").first).to_be_visible()


def test_live_and_stored_text_are_the_same_page(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    for premise in (PREMISE, KOREAN):
        begin(page, premise)
        state(page, "told")
        parts = {part: page.locator(part) for part in (".prose", ".inspirations", ".colophon", ".status")}
        ids = "ns => ns.map(n => [n.id, n.className, n.querySelector('a')?.href])"
        live = {part: found.inner_html() for part, found in parts.items()}
        live_notes = page.locator(".note").evaluate_all(ids)
        page.reload()
        assert page.locator(".story").get_attribute("data-state") == "told"
        assert page.locator(".note").evaluate_all(ids) == live_notes
        for part, found in parts.items():
            assert _squeezed(found.inner_html()) == _squeezed(live[part])


def _squeezed(html: str) -> str:
    """Without the white space between tags, what the script only hides, and the places of notes in the margin."""
    html = re.sub(r'<li data-when="leaning" hidden="">.*?</li>', "", html, flags=re.DOTALL)
    html = re.sub(r' class="note( unused)?"| class="note ?"| style="[^"]*"', "", html)
    return re.sub(r">\s+", ">", re.sub(r"\s+<", "<", html)).strip()


def test_what_is_copied_is_marked_to_the_letter(relay: Serving, upstream: FakeUpstream, open_page: Any) -> None:
    """Offsets count characters, some of which are two of a script's own units."""
    copied = "The captain gave the coat to a cabin boy with whom he was in the act of finding fault"
    upstream.script(pieces=["🌊🌊 came the sea 🌊.\n\n", f"“🌊 {copied}, they said.” ", "Nobody minded."])
    page = open_page(relay)
    begin(page, "A button and a coat.")
    state(page, "told")
    expect(page.locator(".copied")).to_have_text(re.compile(copied))
    live = page.locator(".prose").inner_html()
    page.reload()
    assert _squeezed(page.locator(".prose").inner_html()) == _squeezed(live)


def test_the_keyboard_alone_is_enough(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    page.goto("/")
    for _ in range(12):  # past the way to the text and the pages' names, to the field
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "premise":
            break
    page.keyboard.type(PREMISE)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    state(page, "told")
    page.locator(".mark a").first.focus()
    expect(page.locator(".tied.lit").first).to_be_visible()
    expect(page.locator(".note.lit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".note:focus")).to_be_in_viewport()
    page.locator(".prose").dispatch_event("pointerover")  # resting on nothing, it puts out nothing
    expect(page.locator(".tied.lit").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".mark a").first).to_be_focused()
    page.get_by_label("What should happen next?").focus()
    page.keyboard.type("The lamp goes out.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Part 2: “The lamp goes out.”")).to_be_visible()
    state(page, "told")
    assert page.locator(".scene").count() == 2


def test_an_example_fills_the_field(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    page.goto("/")
    example = page.locator("[data-premise]").first
    words = example.inner_text()
    example.click()
    field = page.get_by_label("What story would you like to be told?")
    expect(field).to_have_value(words)
    expect(field).to_be_focused()


def test_a_refused_brief_puts_the_reader_at_the_field(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    begin(page, "?!")
    field = page.get_by_label("What story would you like to be told?")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Please write a few words about the story you would like.")
    expect(field).to_have_value("?!")


def test_the_status_says_what_is_happening_and_stop_keeps_the_text(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["The bell rang.\n", "\nIt ", "rang twice."], after=2, latch="half")
    page = open_page(relay)
    begin(page)
    state(page, "telling")
    expect(page.locator(".prose p")).to_have_text(["The bell rang.", "It"])
    expect(page.get_by_role("status")).to_have_text("Telling")
    expect(page.get_by_role("button", name="Continue")).to_be_hidden()
    address = page.url
    page.get_by_role("button", name="Stop here").click()
    state(page, "stopped")
    assert page.url == address
    expect(page.get_by_role("status")).to_contain_text("What was told is kept")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert prose(page) == "The bell rang.\n\nIt"
    upstream.reset()
    upstream.script(pieces=["And then."])
    page.get_by_role("button", name="Tell it again").click()
    state(page, "told")
    expect(page.get_by_role("navigation", name="Other tellings of this part")).to_contain_text("Told 2 times")
    assert prose(page) == "And then."


def test_while_the_storyteller_is_silent_the_page_says_so(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["At last."], after=0, latch="first")
    page = open_page(relay)
    begin(page, KOREAN)  # of which the shelf holds nothing
    state(page, "thinking")
    expect(page.get_by_role("status")).to_have_text("The storyteller is thinking")
    expect(page.get_by_text("this is told from your words alone")).to_be_visible()
    upstream.release("first")
    state(page, "told")
    expect(page.get_by_text("Told by fake.")).to_be_visible()


def test_a_storyteller_that_fails_is_said_and_can_be_asked_again(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(fault="401")
    page = open_page(relay)
    begin(page)
    state(page, "failed")
    said = page.get_by_role("status").inner_text()
    assert said.endswith(".")
    expect(page.get_by_role("button", name="Continue")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("status")).to_have_text(said)
    upstream.reset()
    upstream.script(pieces=["Now it went."])
    page.get_by_role("button", name="Tell it again").click()
    state(page, "told")


def test_a_killed_service_loses_nothing_and_the_story_goes_on(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["The bell rang. ", "It rang "], after=2, latch="never")
    page = open_page(relay)
    begin(page)
    expect(page.locator(".prose p")).to_have_text(["The bell rang. It rang"])
    workers = relay.workers()
    os.kill(relay.process.pid, signal.SIGSTOP)  # so that it starts no other worker yet
    try:
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        state(page, "reconnecting")
        expect(page.get_by_role("status")).to_contain_text("What was told is kept")
    finally:
        os.kill(relay.process.pid, signal.SIGCONT)
    relay.wait_until_ready()
    state(page, "interrupted")
    assert prose(page) == "The bell rang. It rang"
    expect(page.get_by_role("status")).to_contain_text("can be continued")
    upstream.reset()
    upstream.script(pieces=["And on it went."])
    page.get_by_role("button", name="Continue").click()
    state(page, "told")
    assert prose(page) == "And on it went."


def test_a_hidden_tab_lets_go_and_comes_back_where_it_was(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["One. ", "Two. ", "Three."], after=2, latch="half")
    page = open_page(relay)
    begin(page)
    expect(page.locator(".prose p")).to_have_text(["One. Two."])
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { get: () => window.asleep, configurable: true });
        window.asleep = true;
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    upstream.release("half")
    upstream.seen(finished=1)

    def resumes(request: Request) -> bool:
        return bool(re.search(r"/events\?after=[1-9]", request.url))

    with page.expect_request(resumes):
        page.evaluate("() => { window.asleep = false; document.dispatchEvent(new Event('visibilitychange')); }")
    state(page, "told")
    assert prose(page) == "One. Two. Three."


SHIFTS = """
  let shift = 0;
  const add = (entries) => entries.forEach((entry) => (shift += entry.hadRecentInput ? 0 : entry.value));
  const shifts = new PerformanceObserver((list) => add(list.getEntries()));
  shifts.observe({type: 'layout-shift', buffered: true});
  window.shifted = () => (add(shifts.takeRecords()), shift);
"""
"""Sums every layout shift that no reader's input caused, which is never less than CLS."""


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}], ids=["desktop", "phone"])
def test_thousands_of_pieces_arrive_whole_and_leave_the_page_where_it_is(
    relay: Serving, upstream: FakeUpstream, open_page: Any, options: dict[str, Any]
) -> None:
    pieces = [("\n\n" if number % 100 == 99 else f"wörd🌊{number} ") for number in range(3000)]
    upstream.script(pieces=pieces)
    page = open_page(relay, **options)
    page.add_init_script(SHIFTS)
    begin(page)
    state(page, "told")
    assert prose(page) == "".join(pieces).strip().replace(" \n\n", "\n\n")
    assert page.evaluate("shifted()") <= 0.05
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("[...document.querySelectorAll('.prose p')].every(p => p.childNodes.length == 1)")


def test_with_reduced_motion_text_arrives_by_sentences(relay: Serving, upstream: FakeUpstream, open_page: Any) -> None:
    upstream.script(pieces=["One was there. ", "Two is half"], after=2, latch="half")
    page = open_page(relay, reduced_motion="reduce")
    begin(page)
    expect(page.locator(".prose p")).to_have_text(["One was there."])
    expect(page.get_by_role("log")).to_have_text("One was there.")
    upstream.release("half")
    state(page, "told")
    assert prose(page) == "One was there. Two is half"


def test_without_scripts_the_story_streams_to_its_end_and_goes_on(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    upstream.script(pieces=["The bell rang.\n\n", "It rang ", "twice."], after=2, latch="half")
    page = open_page(relay, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("What story would you like to be told?").fill(PREMISE)
    page.get_by_role("button", name="Tell me this story").click(no_wait_after=True)
    expect(page.locator(".streamed .prose p")).to_have_text(["The bell rang.", "It rang"])
    upstream.release("half")
    expect(page.locator(".desk[data-state=told]")).to_be_visible()
    expect(page.locator(".prose p")).to_have_text(["The bell rang.", "It rang twice."])
    expect(page.get_by_role("button", name="Stop here")).to_be_hidden()
    page.get_by_label("What should happen next?").fill("Silence falls.")
    upstream.reset()
    upstream.script(pieces=["Nobody heard it."])
    page.get_by_role("button", name="Continue").click(no_wait_after=True)
    expect(page.get_by_role("paragraph").filter(has_text="Nobody heard it.")).to_be_visible()
    expect(page.get_by_role("heading", name="Part 2: “Silence falls.”")).to_be_visible()


def test_a_korean_story_is_set_in_korean(loom: Serving, open_page: Any) -> None:
    page = open_page(loom, locale="ko-KR")
    page.goto("/")
    assert page.locator(".beginnings li").first.get_attribute("lang") == "ko"
    begin(page, KOREAN)
    state(page, "told")
    text = page.locator(".prose")
    expect(text).to_have_attribute("lang", "ko")
    assert text.evaluate("e => getComputedStyle(e).wordBreak") == "keep-all"
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('18px Batang', '가'))")
    page.goto("/works")
    assert page.locator('.works a[lang="ko"]').count() == 2


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 640}], ids=["phone", "narrow"])
def test_small_screens_scroll_one_way_and_have_room_for_fingers(
    loom: Serving, open_page: Any, viewport: dict[str, int]
) -> None:
    page = open_page(loom, viewport=viewport, has_touch=True)
    begin(page)
    state(page, "told")
    story = page.url
    for path in (story, "/", "/works", "/nowhere"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        buttons = page.locator("button:visible, textarea:visible, .masthead a").all()
        assert all(box["height"] >= 44 for box in (button.bounding_box() for button in buttons) if box)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(loom: Serving, open_page: Any, scheme: str) -> None:
    page = open_page(loom, color_scheme=scheme)
    begin(page)
    state(page, "told")
    for part in (".prose", ".status", ".note .by", ".mark a", ".note blockquote", ".label", "button.first"):
        assert _contrast(page, part) >= 4.5, part


def _contrast(page: Page, part: str) -> float:
    """The WCAG contrast of a part's text with the nearest ground behind it."""
    colours = page.locator(part).first.evaluate("""e => {
        const ground = e => getComputedStyle(e).backgroundColor;
        let behind = e;
        while (behind.parentElement && ground(behind) === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
        return [getComputedStyle(e).color, ground(behind)];
    }""")
    lighter, darker = sorted((_luminance(colour) for colour in colours), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "color_scheme": "dark", "java_script_enabled": False}])
def test_a_reader_searches_by_keyboard_alone(loom: Serving, open_page: Any, options: dict[str, Any]) -> None:
    page = open_page(loom, **options)
    page.goto("/search")
    expect(page.get_by_label("What are you looking for?")).to_be_focused()
    page.keyboard.type("the keeper of the lamp")
    page.keyboard.press("Enter")
    first = page.locator(".hits > li").first
    expect(first.get_by_role("link", name="Ask Him on the Stairs", exact=True)).to_be_visible()
    expect(first.locator("mark", has_text="lamp").first).to_be_visible()
    page.get_by_text("Where to look").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Language").select_option("한국어")
    page.get_by_label("Show what each step of the search gave").check()
    page.get_by_label("What are you looking for?").fill("서로 말을 모르는 두 뱃사공")
    page.keyboard.press("Enter")
    expect(first.get_by_role("link", name="짧은 노", exact=True)).to_be_visible()
    expect(first.locator(".stages")).to_contain_text("score")
    wide = page.locator("html").evaluate("html => html.scrollWidth - html.clientWidth") if not options else 0
    assert wide == 0
    first.get_by_role("link", name="짧은 노", exact=True).click()
    expect(page.get_by_role("heading", name="짧은 노")).to_be_visible()
