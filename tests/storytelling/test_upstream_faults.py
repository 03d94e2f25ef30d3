"""Everything that a provider can do wrong, before the first piece and after some: a typed outcome within the deadlines,
the text so far kept, never called told, and no connection left open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson
import pytest

from dream.store.library.scenes import ENDED
from dream.storytelling.brief import Brief
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS
from tests.trials import Trials


class Case(NamedTuple):
    fault: str
    before: str
    after: str
    requests: int = 2
    """How often it is asked where nothing has come yet: twice where the fault may pass."""


CASES = {
    "401": Case("401", "provider_refused", "provider_refused", requests=1),
    "429": Case("429", "provider_busy", "provider_busy"),
    "429 with Retry-After": Case("429", "provider_busy", "provider_busy", requests=1),
    "500": Case("500", "provider_failed", "provider_failed"),
    "refused": Case("drop", "provider_unreachable", "cut_off"),
    "reset": Case("reset", "cut_off", "cut_off"),
    "hang": Case("hang", "too_slow", "paused_too_long", requests=1),
    "stall": Case("stall", "too_slow", "paused_too_long", requests=1),
    "slow drip": Case("drip", "too_slow", "paused_too_long", requests=1),
    "keepalives only": Case("comments", "too_slow", "paused_too_long", requests=1),
    "clean early end": Case("no-finish", "cut_off", "cut_off"),
    "bad JSON": Case("bad-json", "provider_garbled", "provider_garbled"),
    "bad UTF-8": Case("bad-utf8", "provider_garbled", "provider_garbled"),
    "error event": Case("error-event", "provider_failed", "provider_failed"),
    "HTML 200": Case("html", "provider_garbled", "provider_garbled"),
    "a 50 MB line": Case("long-line", "provider_garbled", "provider_garbled"),
}


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest) -> Iterator[Trials]:
    trials = Trials("Upstream faults")
    yield trials
    trials.show(request.config)


@pytest.mark.parametrize("pieces", [0, 3], ids=["before the first piece", "after some"])
@pytest.mark.parametrize("name", CASES)
def test_a_fault_ends_as_what_it_is(
    open_service: OpenService, upstream: FakeUpstream, closed_port: int, trials: Trials, name: str, pieces: int
) -> None:
    case = CASES[name]
    upstream.script(
        fault=case.fault, after=pieces, retry_after="20" if "Retry-After" in name else "",
        pieces=[] if (case.fault, pieces) == ("no-finish", 0) else list(WORDS),
    )  # fmt: skip
    refused = name == "refused" and not pieces
    service = open_service(
        storyteller="openai", model="scripted",
        openai_base_url=f"http://127.0.0.1:{closed_port}/v1" if refused else upstream.base_url,
        first_piece_seconds=0.5 if case.before == "too_slow" else 30, between_pieces_seconds=0.5, total_seconds=20,
    )  # fmt: skip
    service.voices[0].storyteller.prepare()  # its imports would count towards the deadline
    brief = Brief(premise="A bell under the sea.")
    _, scene = service.begin_story(service.library.stories.new_reader(), brief, service.check_story(brief))
    events = [event for event in service.log.follow(scene.id, heartbeat=30) if event]
    stored = service.library.scenes.scene(scene.id)
    assert stored is not None

    kept = "".join(WORDS if pieces and case.fault == "no-finish" else WORDS[:pieces])
    assert stored.text == "".join(event.text for event in events) == kept
    state, code = ("interrupted", case.after) if pieces else ("failed", case.before)
    assert (stored.state, stored.code) == (state, code)
    assert [event.name for event in events if event.name in ENDED] == [state]
    last = orjson.loads(events[-1].data)
    assert "kept" in last["sentence"]
    counted = upstream.seen(open=0)
    assert counted["open"] == 0
    assert counted["requests"] == (0 if refused else 1 if pieces else case.requests)
    trials.count(f"{state}: {code}")
