"""Remembering: what is kept of a told scene, who is asked for it, and that it costs nobody their story."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dream.service import Service
from dream.store import models
from dream.storytelling.blocks import read_blocks
from dream.storytelling.brief import Brief
from dream.storytelling.memory.record import Memory
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS

Connect = Callable[..., Service]
BELL = Brief(premise="Ilse rings a bell under the sea.")


@pytest.fixture
def connect(open_service: OpenService, upstream: FakeUpstream) -> Connect:
    def connect(model: str = "ok", **changed: Any) -> Service:
        return open_service(storyteller="openai", openai_base_url=upstream.base_url, model=model, **changed)

    return connect


def begin(service: Service, brief: Brief = BELL) -> tuple[models.Story, models.Scene]:
    story, scene = service.begin_story(service.library.stories.new_reader(), brief, service.corpus(None))
    ended(service, scene)
    return story, scene


def ended(service: Service, scene: models.Scene) -> str:
    return [event for event in service.log.follow(scene.id, heartbeat=30) if event][-1].name


def made(service: Service, scene: models.Scene) -> models.Memory:
    """The memory of a scene, once it is made."""
    deadline, pause = time.monotonic() + 30, threading.Event()
    while time.monotonic() < deadline:
        memory = service.library.memories.memory(scene.id)
        if memory and memory.state == "made":
            return memory
        pause.wait(0.01)
    raise AssertionError("no memory was made")


def held(memory: models.Memory) -> Memory:
    return Memory.model_validate(memory.held)


def block(upstream: FakeUpstream, kind: str) -> str:
    messages = upstream.seen()["last"]["body"]["messages"]
    return next((found.text for found in read_blocks(messages[-1]["content"]) if found.kind == kind), "")


def test_a_model_reads_what_it_told(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect()
    _, scene = begin(service)
    memory = made(service, scene)
    assert memory.made_by == "ok"
    assert held(memory).choices == ("Ilse rings it again.", "Ilse takes the bell down.", "Nobody comes.")
    assert held(memory).cast[0].role == "who rings the bell"
    assert upstream.seen()["requests"] == 2


@pytest.mark.parametrize("form", ["{}", "Once upon a time.", '{"cast": [], "choices": ["a"], "summary": ""}', ""])
def test_an_answer_that_does_not_fit_leaves_the_scenes_own_words(
    connect: Connect, upstream: FakeUpstream, form: str
) -> None:
    upstream.script(form=form)
    service = connect("any")
    _, scene = begin(service)
    memory = made(service, scene)
    assert memory.made_by == "text"
    assert len(held(memory).choices) == 3
    line = service.library.ledger.line(f"{scene.id}/memory")
    assert line
    assert line.code in ("misfit", "told_nothing")


def test_a_model_that_hangs_over_its_form_holds_up_no_story(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect("any", first_piece_seconds=0.5)
    _, first = begin(service)
    made(service, first)
    upstream.script(before=3600)
    story, _ = service.begin_story(service.library.stories.new_reader(), BELL, service.corpus(None))
    scene = service.library.scenes.of_story(story.id)[0]
    assert ended(service, scene) == "failed"
    assert service.library.memories.memory(scene.id) is None


def test_nobody_is_asked_about_what_broke_off(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect("drop@3")
    _, scene = begin(service)
    assert made(service, scene).made_by == "text"
    assert upstream.seen()["requests"] == 1


def test_nobody_is_asked_where_it_is_switched_off(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect(read_back=False)
    _, scene = begin(service)
    assert made(service, scene).made_by == "text"
    assert upstream.seen()["requests"] == 1


def test_the_next_scene_is_told_from_what_is_remembered(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect(read_back=True)
    story, scene = begin(service)
    made(service, scene)
    service.library.memories.correct(
        story.id, "Ilse", called="Ilse", role="the bell ringer's niece", traits=["stubborn"], left_out=False
    )
    service.library.stories.lay_down(story.id, "Keep it wry.", ["The sea is dry."])
    story = service.library.stories.story(story.id) or story
    upstream.script(latch="held", after=1)
    told = service.continue_story(story, scene.id, "It rings.")
    upstream.seen(requests=3)
    assert block(upstream, "cast") == "Ilse: the bell ringer's niece; stubborn; last seen in part 1"
    assert block(upstream, "note") == "Keep it wry."
    assert block(upstream, "facts") == "The sea is dry."
    assert block(upstream, "summary") == ""  # all that was told is in the prompt itself
    upstream.release("held")
    assert ended(service, told) == "told"
    parts = {part["kind"]: part for part in (service.library.scenes.scene(told.id) or told).prompt or ()}
    line = service.library.ledger.line(told.id)
    assert line
    assert sum(part["characters"] for part in parts.values()) == line.prompt_characters
    assert {"rules", "wishes", "note", "facts", "cast", "story", "request"} == set(parts)


def test_what_is_older_than_the_budget_is_there_in_short(connect: Connect, upstream: FakeUpstream) -> None:
    upstream.script(pieces=[" ".join(f"Sentence number {number} was told." for number in range(40))])
    service = connect("any", history_budget=500)
    story, scene = begin(service)
    made(service, scene)
    upstream.script(latch="held", after=1)
    service.continue_story(story, scene.id)
    upstream.seen(requests=3)
    assert block(upstream, "summary") == "Ilse rang the bell twice."
    assert block(upstream, "story").endswith("Sentence number 39 was told.")
    upstream.release("held")


def test_a_branch_remembers_its_own_way(service: Service) -> None:
    story, first = begin(service)
    left = service.continue_story(story, first.id, "Ilse leaves.")
    ended(service, left)
    right = service.continue_story(story, first.id, "Ilse stays.")
    ended(service, right)
    made(service, left), made(service, right)
    along = [service.remembering.along(service.library.scenes.path(scene.id), BELL) for scene in (left, right)]
    assert along[0][0] == along[1][0]
    assert along[0][1].summary != along[1][1].summary
    assert all(memories[1].summary.startswith(memories[0].summary) for memories in along)


def test_what_a_dead_process_left_is_made_by_the_next(open_service: OpenService) -> None:
    service = open_service()
    _, scene = begin(service)
    made(service, scene)
    with service.database.write() as session:
        row = session.get(models.Memory, scene.id)
        assert row
        row.state, row.held, row.claimed_at = "waiting", {}, time.time()
    service.close()
    assert held(made(open_service(), scene)).choices


def test_a_story_of_an_older_build_is_remembered_when_it_is_needed(service: Service) -> None:
    _, scene = begin(service)
    made(service, scene)
    with service.database.write() as session:
        session.delete(session.get(models.Memory, scene.id))
    assert not service.remembering.is_making(scene.id)
    [memory] = service.remembering.along(service.library.scenes.path(scene.id), BELL)
    assert len(memory.choices) == 3
    assert held(made(service, scene)) == memory


def test_reading_counts_in_the_ledger_but_is_no_story(connect: Connect) -> None:
    service = connect(price_prompt=2.0, price_answer=10.0, quota_reader="0 2 0")
    story, scene = begin(service)
    made(service, scene)
    line = service.library.ledger.line(f"{scene.id}/memory")
    assert line
    assert (line.kind, line.reader_id, line.state) == ("memory", story.reader_id, "told")
    assert (line.prompt_tokens, line.provider) == (11, "openai")
    assert line.cost > 0
    (day,) = service.library.ledger.days(0)
    assert day.tellings == 1
    assert day.answer_characters == len("".join(WORDS)) + line.answer_characters
    service.begin_story(story.reader_id, BELL, service.corpus(None))  # the second within the hour, not the third


def test_where_the_days_share_is_spent_the_scenes_own_words_do(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect(quota_reader=f"0 0 {len(''.join(WORDS))}")
    _, scene = begin(service)
    assert made(service, scene).made_by == "text"
    assert upstream.seen()["requests"] == 1
    assert service.library.ledger.line(f"{scene.id}/memory") is None


def test_where_the_cap_is_spent_the_scenes_own_words_do(connect: Connect, upstream: FakeUpstream) -> None:
    service = connect(spending_cap=0.00001, price_prompt=2.0, price_answer=10.0)
    _, scene = begin(service)
    assert made(service, scene).made_by == "text"
    assert upstream.seen()["requests"] == 1
