"""Whom a telling asks: once more, then another, and never again after the first piece."""

from __future__ import annotations

import threading
from collections.abc import Callable

import orjson
import pytest
from pydantic import SecretStr

from dream.errors import Busy, SetupFailed
from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.store.channel import Event
from dream.storytelling.brief import Brief
from dream.storytelling.storytellers.choose import load_fallback
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream

Connect = Callable[..., Service]


@pytest.fixture
def connect(open_service: OpenService, upstream: FakeUpstream) -> Connect:
    """A service whose first storyteller is the fake upstream's `model`, and whose second the loom."""

    def connect(model: str, **changed: object) -> Service:
        first = {"storyteller": "openai", "openai_base_url": upstream.base_url, "model": model}
        return open_service(**{**first, "fallback": "loom", **changed})

    return connect


def tell(service: Service) -> tuple[models.Scene, list[Event]]:
    scene = service.begin_story(
        service.library.stories.new_reader(), Brief(premise="A bell under the sea."), service.corpus(None)
    )[1]
    return scene, [event for event in service.log.follow(scene.id, heartbeat=30) if event]


def said(events: list[Event], name: str) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(next(event.data for event in events if event.name == name))
    return found


@pytest.mark.parametrize(
    ("fault", "requests"), [("500", 2), ("401", 1), ("hangup", 2), ("html", 2), ("empty", 2), ("404", 1)]
)
def test_another_tells_where_the_first_cannot_begin_and_the_log_says_so(
    connect: Connect, upstream: FakeUpstream, fault: str, requests: int
) -> None:
    scene, events = tell(connect(fault))
    assert said(events, "storyteller") == {"provider": "loom", "name": "loom", "instead_of": fault}
    assert [event.name for event in events][-1] == "told"
    assert upstream.seen()["requests"] == requests
    assert scene.id


def test_another_tells_where_the_first_does_not_begin_in_time(connect: Connect, upstream: FakeUpstream) -> None:
    _, events = tell(connect("hang", first_piece_seconds=0.3))
    assert said(events, "storyteller")["instead_of"] == "hang"
    assert events[-1].name == "told"
    assert upstream.seen(closed_by_client=1, open=0)["open"] == 0


def test_after_the_first_piece_nobody_else_is_asked(connect: Connect, upstream: FakeUpstream) -> None:
    _, events = tell(connect("drop@2"))
    assert said(events, "storyteller") == {"provider": "openai", "name": "drop@2"}
    assert events[-1].name == "interrupted"
    assert upstream.seen()["requests"] == 1


def test_what_a_provider_withholds_is_not_asked_of_another(connect: Connect, upstream: FakeUpstream) -> None:
    upstream.script(fault="content-filter", pieces=[])
    _, events = tell(connect("scripted"))
    assert said(events, "failed")["code"] == "provider_withheld"
    assert all(event.name != "storyteller" for event in events)


def test_a_provider_that_asks_to_be_left_alone_is_left_alone(connect: Connect, upstream: FakeUpstream) -> None:
    upstream.script(fault="429", retry_after="30")
    _, events = tell(connect("scripted", fallback=""))
    assert upstream.seen()["requests"] == 1
    assert "30 seconds" in str(said(events, "failed")["sentence"])


def test_a_provider_that_fails_again_and_again_is_not_asked_for_a_while(
    connect: Connect, upstream: FakeUpstream
) -> None:
    service = connect("500", fallback="")
    codes = [said(tell(service)[1], "failed")["code"] for _ in range(4)]
    assert codes == ["provider_failed"] * 3 + ["provider_resting"]
    assert upstream.seen()["requests"] == 5
    assert service.voices[0].breaker.state == "open"


def test_a_readers_stop_is_not_the_providers_failure(connect: Connect) -> None:
    service = connect("hang")
    for _ in range(6):
        scene = service.begin_story(
            service.library.stories.new_reader(), Brief(premise="A bell."), service.corpus(None)
        )[1]
        follower = service.log.follow(scene.id, heartbeat=30)
        next(event for event in follower if event and event.name == "sources")
        service.tellings.stop(scene.id)
        assert [event for event in follower if event][-1].name == "stopped"
    assert service.voices[0].breaker.state == "closed"


def test_a_telling_that_nobody_follows_is_stopped_and_kept(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect("stall@3", unfollowed_seconds=0.6)
    scene = service.begin_story(service.library.stories.new_reader(), Brief(premise="A bell."), service.corpus(None))[1]
    assert upstream.seen(closed_by_client=1, open=0)["open"] == 0
    events = [event for event in service.log.follow(scene.id, heartbeat=30) if event]
    assert "Nobody had been reading" in str(said(events, "stopped")["sentence"])
    assert "".join(event.text for event in events)


def test_a_telling_that_somebody_follows_goes_on(connect: Connect, upstream: FakeUpstream) -> None:
    upstream.script(delay=0.1)
    _, events = tell(connect("scripted", unfollowed_seconds=0.3))
    assert events[-1].name == "told"


def test_places_are_kept_before_anything_is_written(connect: Connect) -> None:
    service = connect("stall@1", tellings=3)
    reader = service.library.stories.new_reader()
    together = threading.Barrier(12)
    begun: list[models.Scene | None] = []

    def begin() -> None:
        together.wait(timeout=30)
        try:
            begun.append(service.begin_story(reader, Brief(premise="A bell."), service.corpus(None))[1])
        except Busy:
            begun.append(None)

    threads = [threading.Thread(target=begin) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(scene is not None for scene in begun) == 3
    assert len(service.library.stories.of_reader(reader)) == 3


def test_a_second_server_is_not_sent_the_firsts_key(settings: Settings) -> None:
    with pytest.raises(SetupFailed):
        load_fallback(settings.model_copy(update={"fallback": "openai"}))
    both = Settings(
        _env_file=None, home=settings.home, openai_api_key=SecretStr("sk-first"), fallback="openai", fallback_model="m",
        fallback_openai_base_url="http://127.0.0.1:9/v1",
    )  # fmt: skip
    storyteller = load_fallback(both)
    assert storyteller is not None
    assert "sk-first" not in str(vars(storyteller._server))  # type: ignore[attr-defined]
