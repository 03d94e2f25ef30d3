"""Tellings against a real wire: whatever the storyteller does, the log ends once, and no text is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import orjson
import pytest
from sqlalchemy.exc import OperationalError

from dream.errors import Busy
from dream.service import Service
from dream.store import models
from dream.store.channel import Event
from dream.store.library.scenes import Scenes, claim
from dream.storytelling.brief import Brief
from dream.storytelling.telling import Telling
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream

Begin = Callable[..., models.Scene]


@pytest.fixture
def connect(open_service: OpenService, upstream: FakeUpstream) -> Callable[..., Service]:
    """A service that tells through the fake upstream, with an empty corpus."""

    def connect(model: str = "ok", **changed: object) -> Service:
        settings = {"storyteller": "openai", "openai_base_url": upstream.base_url, "model": model, **changed}
        return open_service(**settings)

    return connect


def begin(service: Service, **brief: object) -> models.Scene:
    reader = service.library.stories.new_reader()
    asked = Brief.model_validate({"premise": "A bell under the sea.", **brief})
    return service.begin_story(reader, asked, service.check_story(asked))[1]


def ended(service: Service, scene: models.Scene) -> list[Event]:
    """Every event of a telling, which is waited for."""
    return [event for event in service.log.follow(scene.id, heartbeat=30) if event]


def told(events: list[Event]) -> str:
    return "".join(event.text for event in events)


def test_a_telling_runs_from_begin_to_told(connect: Callable[..., Service]) -> None:
    service = connect()
    scene = begin(service)
    events = ended(service, scene)
    names = [event.name for event in events]
    assert names[:3] == ["begin", "sources", "storyteller"]
    assert names[-2:] == ["threads", "told"]
    assert set(names[3:-2]) == {"delta"}
    stored = service.library.scenes.scene(scene.id)
    assert stored is not None
    assert (stored.state, stored.text, stored.finish) == ("told", told(events), "finished")


@pytest.mark.parametrize("fault", ["no-finish", "drop", "bad-json", "error-event", "stall-after-finish"])
def test_text_that_came_before_a_fault_is_kept_and_never_called_told(
    connect: Callable[..., Service], fault: str
) -> None:
    service = connect(f"{fault}@3", between_pieces_seconds=0.5)
    events = ended(service, begin(service))
    if fault == "stall-after-finish":
        assert events[-1].name == "told"
        return
    assert events[-1].name == "interrupted"
    assert told(events).startswith("Once upon a")
    assert orjson.loads(events[-1].data)["code"]


@pytest.mark.parametrize(
    ("fault", "code"), [("401", "provider_refused"), ("500", "provider_failed"), ("429", "provider_busy")]
)
def test_a_fault_before_the_first_piece_fails_with_its_code(
    connect: Callable[..., Service], fault: str, code: str
) -> None:
    service = connect(fault)
    last = orjson.loads(ended(service, begin(service))[-1].data)
    assert (last["state"], last["code"]) == ("failed", code)
    assert last["sentence"]


def test_a_fault_before_the_first_piece_is_asked_about_once_more_and_only_once(
    connect: Callable[..., Service], upstream: FakeUpstream
) -> None:
    service = connect("500")
    ended(service, begin(service))
    assert upstream.seen()["requests"] == 2


def test_a_fault_after_a_piece_is_not_asked_about_again(
    connect: Callable[..., Service], upstream: FakeUpstream
) -> None:
    service = connect("drop@2")
    ended(service, begin(service))
    assert upstream.seen()["requests"] == 1


def test_the_providers_length_limit_is_an_interruption_that_can_go_on(connect: Callable[..., Service]) -> None:
    service = connect("length")
    events = ended(service, begin(service))
    assert events[-1].name == "interrupted"
    assert orjson.loads(events[-1].data)["code"] == "cut_short"


@pytest.mark.parametrize(
    ("model", "setting", "code"),
    [
        ("hang", "first_piece_seconds", "too_slow"),
        ("stall@2", "between_pieces_seconds", "paused_too_long"),
        ("stall@2", "total_seconds", "took_too_long"),
    ],
)
def test_deadlines_are_ours(connect: Callable[..., Service], model: str, setting: str, code: str) -> None:
    service = connect(model, **{setting: 0.3})
    assert orjson.loads(ended(service, begin(service))[-1].data)["code"] == code


def test_stopping_keeps_the_text_and_closes_the_upstream(
    connect: Callable[..., Service], upstream: FakeUpstream
) -> None:
    service = connect("stall@3")
    scene = begin(service)
    follower = service.log.follow(scene.id, heartbeat=30)
    next(event for event in follower if event and event.name == "delta")
    service.tellings.stop(scene.id)
    events = ended(service, scene)
    assert events[-1].name == "stopped"
    assert orjson.loads(events[-1].data)["code"] is None
    assert told(events)
    assert upstream.seen(closed_by_client=1, open=0)["open"] == 0


def test_leaving_does_not_stop_a_telling(connect: Callable[..., Service], upstream: FakeUpstream) -> None:
    upstream.script(latch="hold", after=2)
    service = connect("a storyteller")
    scene = begin(service)
    follower = service.log.follow(scene.id, heartbeat=30)
    next(event for event in follower if event and event.name == "delta")
    del follower
    upstream.release("hold")
    assert ended(service, scene)[-1].name == "told"


def test_a_full_house_is_refused_before_anything_is_written(connect: Callable[..., Service]) -> None:
    service = connect("stall@1", tellings=1)
    scene = begin(service)
    reader = service.library.stories.new_reader()
    with pytest.raises(Busy):
        service.begin_story(reader, Brief(premise="Another bell."), service.corpus(None))
    assert service.library.stories.of_reader(reader) == []
    service.tellings.stop(scene.id)
    ended(service, scene)


def test_a_strict_story_without_fitting_fragments_is_refused_honestly(
    connect: Callable[..., Service], upstream: FakeUpstream
) -> None:
    service = connect()
    last = orjson.loads(ended(service, begin(service, grounding="strict"))[-1].data)
    assert (last["state"], last["code"], last["retry"]) == ("failed", "nothing_fits", False)
    assert upstream.seen()["requests"] == 0


@pytest.mark.parametrize("reason", ["stopped", "service_stopped"])
def test_nothing_is_said_to_be_kept_where_nothing_was_told(connect: Callable[..., Service], reason: str) -> None:
    service = connect("hang")
    scene = begin(service)
    follower = service.log.follow(scene.id, heartbeat=30)
    next(event for event in follower if event and event.name == "sources")
    if reason == "stopped":
        service.tellings.stop(scene.id)
    else:
        service.tellings.close()
    last = orjson.loads(ended(service, scene)[-1].data)
    assert "What was told is kept" not in last["sentence"]
    assert "Your premise is kept" in last["sentence"]


def test_a_telling_for_which_there_is_no_thread_leaves_its_place(
    connect: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = connect(tellings=1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_more_threads)
        with pytest.raises(Busy):
            begin(service)
    assert service.tellings.live() == 0
    assert ended(service, begin(service))[-1].name == "told"


def _no_more_threads(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_database_that_does_not_answer_at_the_start_costs_nobody_the_watch(
    connect: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(*_: object) -> None:
        failed.set()
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(Scenes, "lapsed", fail)
        service = connect("hang", first_piece_seconds=0.3)
        assert failed.wait(30)
    assert orjson.loads(ended(service, begin(service))[-1].data)["code"] == "too_slow"


def test_closing_the_service_interrupts_what_is_told_and_keeps_it(connect: Callable[..., Service]) -> None:
    service = connect("stall@3")
    scene = begin(service)
    follower = service.log.follow(scene.id, heartbeat=30)
    next(event for event in follower if event and event.name == "delta")
    service.tellings.close()
    stored = service.library.scenes.scene(scene.id)
    assert stored is not None
    assert (stored.state, stored.code) == ("interrupted", "service_stopped")
    assert stored.text


def test_a_scene_that_another_has_taken_is_left_alone(service: Service) -> None:
    corpus = service.corpus("starter")
    brief = {"premise": "A bell."}
    story, scene = service.library.stories.begin(service.library.stories.new_reader(), corpus.id, brief, 1)
    with service.database.write() as session:
        assert claim(session, scene.id) == 1
    Telling(service.tellings._tools, scene, story).run()
    assert service.log.read(scene.id) == []


# What a process that died has left


def abandoned(service: Service, *, finish: str | None, pieces: list[str]) -> models.Scene:
    """A scene as a killed process leaves it: claimed, with some of its log and no end."""
    corpus = service.corpus("starter")
    _, scene = service.library.stories.begin(service.library.stories.new_reader(), corpus.id, {"premise": "A bell."}, 1)
    with service.database.write() as session:
        epoch = claim(session, scene.id)
    assert epoch is not None
    channel = service.log.open(scene.id)
    service.log.append(channel, "begin", {"scene": scene.id, "state": "telling"})
    for piece in pieces:
        service.log.piece(channel, piece)
    service.log.append(channel, "sources", {"sources": [], "missing": []})
    service.log.shut(channel)
    if finish:
        service.library.scenes.save_finish(scene.id, epoch, finish, None)
    return scene


@pytest.mark.parametrize(
    ("finish", "pieces", "state"),
    [
        (None, ["It rang", " twice."], "interrupted"),
        (None, [], "failed"),
        ("finished", ["It rang twice."], "told"),
        ("stopped", ["It rang"], "stopped"),
        ("cut_short", ["It rang"], "interrupted"),
    ],
)
def test_the_next_start_ends_what_a_dead_process_left(
    service: Service, open_service: OpenService, finish: str | None, pieces: list[str], state: str
) -> None:
    scene = abandoned(service, finish=finish, pieces=pieces)
    swept = open_service()
    ended(swept, scene)
    stored = swept.library.scenes.scene(scene.id)
    assert stored is not None
    assert (stored.state, stored.text) == (state, "".join(pieces))
    assert [event.name for event in swept.log.read(scene.id) if event.terminal] == [state]


def test_a_sweep_ties_no_threads_twice(service: Service, open_service: OpenService) -> None:
    scene = abandoned(service, finish="finished", pieces=["It rang twice."])
    channel = service.log.open(scene.id)
    service.log.append(channel, "threads", {"threads": [], "copied": []})
    service.log.shut(channel)
    names = [event.name for event in ended(open_service(), scene)]
    assert names[-2:] == ["threads", "told"]
    assert names.count("threads") == 1


def test_a_teller_that_was_thought_dead_cannot_end_the_scene_twice(
    connect: Callable[..., Service], open_service: OpenService, upstream: FakeUpstream
) -> None:
    upstream.script(latch="asleep", after=2)
    service = connect("a storyteller")
    scene = begin(service)
    follower = service.log.follow(scene.id, heartbeat=30)
    next(event for event in follower if event and event.name == "delta")
    swept = open_service()  # as after a laptop's sleep: another process takes the scene over and ends it
    ended(swept, scene)
    upstream.release("asleep")
    threads = [thread for thread in threading.enumerate() if thread.name == f"telling-{scene.id}"]
    for thread in threads:
        thread.join(timeout=30)
    terminal = [event.name for event in swept.log.read(scene.id) if event.terminal]
    assert terminal == ["interrupted"]
    stored = swept.library.scenes.scene(scene.id)
    assert stored is not None
    assert stored.state == "interrupted"
