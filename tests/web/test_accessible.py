"""axe-core on every page and in every state: nothing to find, on any paper, at any width, in either language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.axe import violations
from tests.web.browsing import KOREAN, PHONE, PREMISE, begin, state

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
    page.goto(f"/look?theme={theme}")
    begin(page, premise)
    state(page, "told")
    story = page.url
    _unfold(page)
    assert violations(page) == []
    page.get_by_label("What should happen next?").fill("Silence falls.")
    page.get_by_role("button", name="Continue").click()
    state(page, "told")
    assert violations(page) == []
    page.locator(".mark a").first.click()
    expect(page.locator(".note:focus")).to_be_visible()
    assert violations(page) == []
    scene = page.url.partition("#")[0]
    page.goto(scene)
    _unfold(page)
    page.locator("form[action$='/share'] button").click()
    shared = str(page.locator("#link").input_value())
    page.goto("/works")
    work = str(page.locator(".works a").first.get_attribute("href"))
    addresses = ["/", "/stories", "/stories?q=nowhere", "/works", f"{work}#f0", "/search", "/search?q=lamp&stages=1"]
    addresses += ["/sign-in", "/register", "/nowhere", "/works/nowhere", f"{story}/scenes/nowhere"]
    addresses += [shared, f"{shared}/report", f"{work}/report"]
    addresses += [f"{scene}/{view}" for view in ("map", "woven", "world", "prompt")]
    found = []
    for address in addresses:
        page.goto(address)
        _unfold(page)
        found += [(address, broken) for broken in violations(page)]
    assert found == []


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
    """Their pages before anything is brought, with a file that became a work, and with one that could not be read."""
    name = f"mara-{theme}"
    password = loom.command("user", "add", name).stdout.split()[-1]
    loom.command("user", "role", name, "admin")
    page: Page = open_page(loom, reduced_motion="reduce", **options)
    page.goto(f"/look?theme={theme}")
    page.goto("/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("main button").click()
    found: list[tuple[str, str]] = []

    def look(*addresses: str) -> None:
        for address in addresses:
            page.goto(address)
            _unfold(page)
            found.extend((address, broken) for broken in violations(page))

    look("/desk", "/shelves", "/account", "/account/delete", "/admin", "/admin/tellings")
    (tmp_path / f"{name}.md").write_text(f"# {name}\n\n" + "The lamp burned all night at the ford. " * 20)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n")
    page.goto("/desk")
    page.locator("input[type=file]").set_input_files([tmp_path / f"{name}.md", tmp_path / "broken.pdf"])
    page.locator("input[type=checkbox][name=rights]").check()
    page.locator("form[enctype] button").last.click()
    work = page.locator("a[href^='/desk/works/']").first
    expect(work).to_be_visible(timeout=60_000)
    address = str(work.get_attribute("href"))
    look("/desk", "/shelves", address, f"{address}/withdraw", "/admin/tellings")
    assert found == []


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


def test_a_brief_that_comes_back(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    begin(page, "?!")
    expect(page.get_by_label("What story would you like to be told?")).to_be_focused()
    assert violations(page) == []
