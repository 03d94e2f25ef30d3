"""The worker is killed in the middle of stories, again and again: whoever followed one goes on by Last-Event-ID,
without a gap or a repeat, to an end that says what happened.
"""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.trials import Trials

READERS = 4
Events = list[tuple[int, str, str]]


def begin(serving: Serving, number: int) -> dict[str, Any]:
    answer = serving.client.post("/api/v1/stories", json={"premise": f"A bell under the sea, number {number}."})
    assert answer.status_code == 201, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


def some(serving: Serving, begun: dict[str, Any], deltas: int) -> Events:
    """The first events, until so many pieces have been seen."""
    seen: Events = []
    with serving.follow(begun["events"], begun["reader_token"]) as events:
        for event in events:
            seen.append(event)
            if sum(name == "delta" for _, name, _ in seen) == deltas:
                return seen
    raise AssertionError("the story ended before the worker was killed")


def rest(serving: Serving, begun: dict[str, Any], seen: Events) -> Events:
    with serving.follow(begun["events"], begun["reader_token"], after=seen[-1][0]) as events:
        return list(events)


def text(events: Events) -> str:
    return "".join(json.loads(data)["text"] for _, name, data in events if name == "delta")


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.nightly)])
def test_a_killed_worker_loses_nothing_that_was_seen(
    home: Path, upstream: FakeUpstream, kills: int, request: pytest.FixtureRequest
) -> None:
    upstream.script(pieces=2000, delay=0.01)
    trials = Trials("Killed workers")
    settings = {
        "storyteller": "openai",
        "openai_base_url": upstream.base_url,
        "model": "scripted",
        "quota_reader": "0 0 0",
    }
    with Serving(home, **settings) as serving, ThreadPoolExecutor(READERS) as pool:
        for kill in range(kills):
            begun = [begin(serving, number) for number in range(READERS)]
            seen = list(pool.map(lambda story, kill=kill: some(serving, story, 2 + kill % 5), begun))
            (worker,) = serving.workers()
            os.kill(worker, signal.SIGKILL)
            serving.wait_until_ready()
            for story, before in zip(begun, seen, strict=True):
                after = rest(serving, story, before)
                assert [number for number, _, _ in before + after] == list(range(1, len(before + after) + 1))
                headers = {"Authorization": f"Bearer {story['reader_token']}"}
                scene = serving.client.get(story["scene"]["url"], headers=headers).json()
                assert scene["text"] == text(before + after)
                assert (scene["state"], scene["code"], after[-1][1]) == ("interrupted", "teller_died", "interrupted")
                assert len([name for _, name, _ in after if name in ("told", "stopped", "failed")]) == 0
                trials.count("resumed to an identical end")
    trials.show(request.config)
