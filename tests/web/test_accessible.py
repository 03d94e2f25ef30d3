"""axe-core on every page and in every state: nothing to find, on any paper, at any width, in either language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.axe import violations
from tests.web.browsing import KOREAN, PHONE, PREMISE, begin, state
from tests.web.conftest import RELAY_TELLINGS

DESKTOP = {"width": 1280, "height": 860}
LOOKS = [
    pytest.param({"viewport": DESKTOP}, "paper", PREMISE, id="desktop-light-english"),
    pytest.param({"viewport": PHONE, "has_touch": True}, "sepia", KOREAN, id="phone-sepia-korean"),
    pytest.param({"viewport": PHONE, "color_scheme": "dark"}, "", PREMISE, id="phone-dark-english"),
    pytest.param({"viewport": DESKTOP}, "dark", KOREAN, id="desktop-dark-korean"),
]


@pytest.mark.parametrize(("options", "theme", "premise"), LOOKS)
def test_every_page_of_a_reader(
    loom: Serving, open_page: Any, options: dict[str, Any], theme: str, premise: str
) -> None:
    page: Page = open_page(loom, reduced_motion="reduce", **options)
    look = Look(page)
    page.goto(f"/look?theme={theme}")
    look.at("/stories")
    begin(page, premise, length="short")
    state(page, "told")
    story = page.url
    look.here("a told story")
    page.get_by_label("What should happen next?").fill("Silence falls.")
    page.get_by_role("button", name="Continue").click()
    state(page, "told")
    look.here("a story that went on", unfolded=False)
    page.locator(".mark a").first.click()
    expect(page.locator(".note:focus")).to_be_visible()
    look.here("a story with a note held", unfolded=False)
    scene = page.url.partition("#")[0]
    page.goto(scene)
    _unfold(page)
    page.locator("form[action$='/share'] button").click()
    shared = str(page.locator("#link").input_value())
    page.goto("/works")
    work = str(page.locator(".works a").first.get_attribute("href"))
    look.at("/", "/stories", "/stories?q=nowhere", "/works", f"{work}#f0")
    look.at("/search", f"/search?q=lamp&stages=1&work={work.rpartition('/')[2]}")
    look.at("/sign-in", "/register", "/nowhere", "/works/nowhere", f"{story}/scenes/nowhere")
    look.at(shared, f"{shared}/report", f"{work}/report")
    look.at(*(f"{scene}/{view}" for view in ("map", "woven", "world", "prompt")))
    _bring_from_another_shelf(page, story)
    page.locator(".mark a").first.click()
    expect(page.locator(".note:focus").get_by_text("Not on this shelf")).to_be_visible()
    look.here("a story from elsewhere")
    page.goto("/stories")
    page.locator("#elsewhere summary").click()
    page.locator("#elsewhere button").click()
    link = str(page.locator("#elsewhere input[readonly]").input_value())
    look.here("the private link")
    look.at(link)
    page.context.clear_cookies(name="dream")
    look.at(link)
    expect(page.get_by_role("button", name="Open them here")).to_be_visible()
    assert look.found == []


def _bring_from_another_shelf(page: Page, story: str) -> None:
    """Brings a copy of a story that leans on files which no shelf here holds."""
    packed = page.request.get(f"{story}/story.json").text()
    packed = re.sub(r'"[0-9a-f]{64}"', f'"{"0" * 64}"', packed)
    page.goto("/stories")
    page.locator("summary:has(+ form #packed)").click()
    page.locator("#packed").set_input_files(
        {"name": "story.json", "mimeType": "application/json", "buffer": packed.encode()}
    )
    page.locator("form:has(#packed) button").click()


@pytest.mark.parametrize(
    ("options", "theme"),
    [
        pytest.param({"viewport": DESKTOP}, "paper", id="desktop-light-english"),
        pytest.param({"viewport": PHONE, "has_touch": True, "locale": "ko-KR"}, "dark", id="phone-dark-korean"),
    ],
)
def test_every_page_of_an_author_and_an_admin(
    loom: Serving, open_page: Any, tmp_path: Path, options: dict[str, Any], theme: str
) -> None:
    """Their pages before anything is brought, with a file that became a work, and with one that could not be read;
    a shelf while it is empty, and a story that leans on what was taken back.
    """
    name = f"mara-{theme}"
    password = loom.command("user", "add", name).stdout.split()[-1]
    loom.command("user", "role", name, "admin")
    page: Page = open_page(loom, reduced_motion="reduce", **options)
    look = Look(page)
    page.goto(f"/look?theme={theme}")
    page.goto("/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("main button").click()
    look.at("/desk", "/shelves", "/account", "/account/delete", "/admin", "/admin/tellings")
    page.goto("/shelves")
    page.locator("#title").fill(f"{name}'s own")
    page.locator("main form button").last.click()
    page.wait_for_url("**/shelves/*")
    shelf = page.url
    look.here("a shelf with nothing on it")
    corpus = page.locator(".by code").inner_text()
    look.at(f"/?corpus={corpus}", f"/search?corpus={corpus}")
    (tmp_path / f"{name}.md").write_text(f"# {name}\n\n" + "The lamp burned all night at the ford. " * 20)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n")
    page.goto("/desk")
    page.locator("input[type=file]").set_input_files([tmp_path / f"{name}.md", tmp_path / "broken.pdf"])
    page.locator("input[type=checkbox][name=rights]").check()
    page.locator("form[enctype] button").last.click()
    work = page.locator("a[href^='/desk/works/']").first
    expect(work).to_be_visible(timeout=60_000)
    address = str(work.get_attribute("href"))
    look.at("/desk", "/shelves", shelf, address, f"{address}/withdraw", "/admin/tellings")
    begin(page, "A lamp burns all night at the ford.", corpus, "short")
    state(page, "told")
    story = page.url
    page.goto(f"{address}/withdraw")
    page.locator("form[action$='/withdraw'] button").click()
    look.at(address, story)
    expect(page.locator(".note [data-when=withdrawn]").first).to_be_attached()
    assert look.found == []


class Look:
    """Looks at a page in all its parts, and gathers what is wrong with it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.found: list[tuple[str, str]] = []

    def at(self, *addresses: str) -> None:
        for address in addresses:
            self._page.goto(address)
            self.here(address)

    def here(self, name: str, *, unfolded: bool = True) -> None:
        if unfolded:
            _unfold(self._page)
        self.found += [(name, broken) for broken in violations(self._page)]


def _unfold(page: Page) -> None:
    page.locator("summary:visible").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")


@pytest.mark.parametrize(("options", "theme", "premise"), LOOKS)
def test_every_state_of_a_telling(
    relay: Serving, upstream: FakeUpstream, open_page: Any, options: dict[str, Any], theme: str, premise: str
) -> None:
    upstream.script(pieces=["The bell rang. ", "It rang ", "twice."], after=0, latch="first")
    page: Page = open_page(relay, reduced_motion="reduce", **options)
    page.goto(f"/look?theme={theme}")
    begin(page, premise)
    state(page, "thinking")
    assert violations(page) == []
    upstream.release("first")
    state(page, "told")
    upstream.reset()
    upstream.script(pieces=["The bell rang. ", "It rang ", "twice."], after=2, latch="half")
    page.get_by_role("button", name="Tell it again").click()
    state(page, "telling")
    expect(page.locator(".prose p")).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("button", name="Stop here").click()
    state(page, "stopped")
    assert violations(page) == []
    upstream.reset()
    upstream.script(pieces=["The bell rang. ", "It rang "], after=2, fault="drop")
    page.get_by_role("button", name="Tell it again").click()
    state(page, "interrupted")
    assert violations(page) == []
    upstream.reset()
    upstream.script(fault="401")
    page.get_by_role("button", name="Tell it again").click()
    state(page, "failed")
    assert violations(page) == []
    upstream.reset()
    upstream.script(after=0, latch="busy")
    held = [relay.client.post("/api/v1/stories", json={"premise": PREMISE}).json() for _ in range(RELAY_TELLINGS)]
    begin(page, premise)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#premise")).to_have_value(premise)
    assert violations(page) == []
    upstream.release("busy")
    for one in held:
        assert relay.client.get(one["events"], headers={"Authorization": f"Bearer {one['reader_token']}"}).is_success


def test_a_brief_that_comes_back(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    begin(page, "?!")
    expect(page.get_by_label("What story would you like to be told?")).to_be_focused()
    assert violations(page) == []
