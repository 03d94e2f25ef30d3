"""A shelf and a reader of it, for what a browser without scripts gets; for the rest, services and real Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from dream.service import Service
from dream.web import build_app
from tests.conftest import TALES, OpenService
from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.web.reading import WORKS


@pytest.fixture
def shelf(open_service: OpenService) -> Service:
    """A service with a few works, that finds them by their words."""
    service = open_service()
    assert len(list(service.ingest.files([TALES / name for name in WORKS], "starter"))) == len(WORKS)
    return service


@pytest.fixture
def reader(shelf: Service) -> FlaskClient:
    return build_app(shelf).test_client()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    arguments = [*quiet.split(), "--disable-component-update", "--disable-sync"]
    return {"executable_path": os.environ.get("DREAM_CHROMIUM", "/usr/bin/chromium"), "args": arguments}


@pytest.fixture(scope="session")
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


RELAY_TELLINGS = 8
"""Stories that `relay` tells at once: few, so that a test can fill it."""


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory, upstream_process: FakeUpstream) -> Iterator[Serving]:
    """A service whose storyteller says what the test wants, when it wants."""
    home = tmp_path_factory.mktemp("relay")
    settings = {"storyteller": "openai", "openai_base_url": upstream_process.base_url, "model": "fake"}
    alone = {"read_back": False, "tellings": RELAY_TELLINGS}  # the test has said all that it tells
    with Serving(home, **settings, **alone) as serving:
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
    """Whatever Chromium reports, a breach of the policy too. It also reports a page's own status, and a line that
    drops: those the page shows itself.
    """
    place = said.location["url"]
    shown = said.text.startswith("Failed to load resource") and (place == page.url or "/events" in place)
    return said.type in ("error", "warning") and not shown
