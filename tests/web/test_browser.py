"""The pages in real Chromium, served by a real `dream serve`."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.conftest import TALES
from tests.fakes.client import FakeUpstream
from tests.serving import Serving

PREMISE = "A keeper of the lamp tells one kind lie."
KOREAN = "말이 통하지 않는 두 사공이 모래톱에서 만난다."
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    arguments = [*quiet.split(), "--disable-component-update", "--disable-sync"]
    return {"executable_path": os.environ.get("DREAM_CHROMIUM", "/usr/bin/chromium"), "args": arguments}


@pytest.fixture(scope="module")
def loom(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Serving]:
    """A service with a few works, the embedding model, and the loom, which tells at once."""
    home = tmp_path_factory.mktemp("loom")
    (home / "models").mkdir(mode=0o700)
    (home / "models" / model_folder.name).symlink_to(model_folder)
    tales = (
        "en/ask-him-on-the-stairs.md",
        "en/the-oil-in-the-lantern.md",
        "ko/two-ferrymen.md",
        "ko/stone-bell-girl.md",
    )
    with Serving(home, loom_pace=0) as serving:
        assert serving.command("ingest", *(str(TALES / name) for name in tales)).returncode == 0
        yield serving


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, upstream_process: FakeUpstream) -> Iterator[Serving]:
    """A service whose storyteller says what the test wants, when it wants."""
    home = tmp_path_factory.mktemp("relay")
    settings = {"storyteller": "openai", "openai_base_url": upstream_process.base_url, "model": "fake"}
    with Serving(home, **settings) as serving:
        tale = str(TALES / "en" / "eleven-coats.md")
        assert serving.command("ingest", "--corpus", "coats", tale).returncode == 0
        yield serving


@pytest.fixture
def complaints() -> list[str]:
    """What browsers complain of in the console; nothing, at the end of a test."""
    return []


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[Any]:
    """Opens a page of a service in a browser context of its own."""
    contexts: list[BrowserContext] = []

    def open_(serving: Serving, **options: Any) -> Page:
        context = browser.new_context(base_url=serving.url, **{"viewport": {"width": 1280, "height": 860}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said, page) else None)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def quiet_console(complaints: list[str]) -> Iterator[None]:
    yield
    assert complaints == []


def _is_complaint(said: ConsoleMessage, page: Page) -> bool:
    """Chromium also reports a page's own status, and a line that drops: those the page shows itself."""
    place = said.location["url"]
    return said.type in ("error", "warning") and place != page.url and "/events" not in place


def begin(page: Page, premise: str = PREMISE) -> None:
    page.goto("/")
    page.get_by_label("What story would you like to be told?").fill(premise)
    page.get_by_role("button", name="Tell me this story").click()


def state(page: Page, name: str) -> None:
    expect(page.locator(f".story[data-state={name}]")).to_be_visible(timeout=30_000)


def prose(page: Page) -> str:
    """The last scene's text as it stands in the page, paragraphs apart, without the numbers."""
    paragraphs = "[...[...document.querySelectorAll('.prose')].at(-1).querySelectorAll('p')]"
    words = "p => [...p.childNodes].filter(n => n.nodeName != 'SUP').map(n => n.textContent).join('')"
    return str(page.evaluate(f"{paragraphs}.map({words}).join('\\n\\n')"))


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
        parts = {part: page.locator(part) for part in (".prose", ".notes", ".colophon", ".status")}
        ids = "ns => ns.map(n => [n.id, n.className, n.querySelector('a')?.href])"
        live = {part: found.inner_html() for part, found in parts.items()}
        live_notes = page.locator(".note").evaluate_all(ids)
        page.reload()
        assert page.locator(".story").get_attribute("data-state") == "told"
        assert page.locator(".note").evaluate_all(ids) == live_notes
        for part, found in parts.items():
            assert _squeezed(found.inner_html()) == _squeezed(live[part])


def _squeezed(html: str) -> str:
    """Without the white space between tags, and without what the script only hides."""
    html = re.sub(r'<li data-when="leaning" hidden="">.*?</li>', "", html, flags=re.DOTALL)
    html = re.sub(r' class="note( unused)?"| class="note ?"', "", html)
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
    for _ in range(4):  # past the way to the text, home and the shelf, to the field
        page.keyboard.press("Tab")
    page.keyboard.type(PREMISE)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    state(page, "told")
    page.locator(".mark a").first.focus()
    expect(page.locator(".tied.lit").first).to_be_visible()
    expect(page.locator(".note.lit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".note:target")).to_be_in_viewport()
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


def test_thousands_of_pieces_arrive_whole_and_leave_the_page_where_it_is(
    relay: Serving, upstream: FakeUpstream, open_page: Any
) -> None:
    pieces = [("\n\n" if number % 100 == 99 else f"wörd🌊{number} ") for number in range(3000)]
    upstream.script(pieces=pieces)
    page = open_page(relay)
    begin(page)
    state(page, "told")
    assert prose(page) == "".join(pieces).strip().replace(" \n\n", "\n\n")
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
    expect(page.get_by_text("Nobody heard it.")).to_be_visible()
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
