"""How much a page weighs: script in all, and the first load of a story page with its fonts."""

from __future__ import annotations

import gzip
from typing import Any

from dream.web.pages.assets import FOLDER
from tests.serving import Serving
from tests.web.browsing import begin, state

MOST_SCRIPT = 20_000
MOST_FIRST_LOAD = 250_000


def test_all_scripts_together_are_light() -> None:
    scripts = sorted(FOLDER.rglob("*.js"))
    assert len(scripts) > 5
    assert sum(len(gzip.compress(script.read_bytes(), 6)) for script in scripts) < MOST_SCRIPT


def test_the_first_load_of_a_story_is_light_even_where_nothing_is_compressed(loom: Serving, open_page: Any) -> None:
    page = open_page(loom)
    begin(page)
    state(page, "told")
    network = page.context.new_cdp_session(page)
    received: dict[str, int] = {}
    addresses: dict[str, str] = {}
    network.on("Network.requestWillBeSent", lambda sent: addresses.update({sent["requestId"]: sent["request"]["url"]}))
    network.on("Network.loadingFinished", lambda done: received.update({done["requestId"]: done["encodedDataLength"]}))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.reload()
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("load")
    loaded = {addresses[request]: length for request, length in received.items()}
    assert any(address.endswith(".woff2") for address in loaded)
    assert any(address.endswith("margin.js") for address in loaded)
    assert sum(loaded.values()) < MOST_FIRST_LOAD, loaded
