"""Hundreds who send slowly and dozens who never read, through NGINX: dream answers, and nobody else's story falters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.front import HOST, Front
from tests.deploy.load import Readers
from tests.deploy.slow import NeverReading, SlowSenders
from tests.fakes.client import FakeUpstream
from tests.serving import Serving
from tests.trials import Trials

READERS = 4
PIECES = 150
TEXT = "The bell rang over the water, and nobody in the harbour heard it. " * 30


@pytest.mark.parametrize(
    ("slow", "unread", "asked"), [(60, 8, 100), pytest.param(500, 50, 1000, marks=pytest.mark.nightly)]
)
def test_slow_clients_cost_nobody_else_anything(
    tmp_path: Path, upstream: FakeUpstream, slow: int, unread: int, asked: int, request: pytest.FixtureRequest
) -> None:
    upstream.script(pieces=[TEXT] * PIECES, delay=0.02)
    settings = {
        "bind": f"unix:{tmp_path / 'web.sock'}", "proxies": 1, "public_url": f"https://{HOST}", "storyteller": "openai",
        "openai_base_url": upstream.base_url, "model": "scripted", "quota_reader": "0 0 0", "tellings": 100,
    }  # fmt: skip
    (tmp_path / "public").mkdir()
    trials = Trials("Slow clients")
    with (
        Serving(tmp_path / "home", threads=unread + 40, followers=unread + 10, **settings),
        Front(tmp_path / "nginx", tmp_path / "web.sock", tmp_path / "public") as front,
        NeverReading(front, unread),
        SlowSenders(front, slow) as senders,
        Readers(front, clients=2, streams=READERS) as readers,
    ):
        seconds = sorted(_health(front, asked))
    p99 = seconds[int(len(seconds) * 0.99)]
    trials.count("streams never read", unread)
    trials.count("requests sent a byte at a time", senders.connections)
    trials.count(f"answers of /livez meanwhile, p99 {1000 * p99:.0f} ms", asked)
    trials.count("readers whose story came whole", sum(stream.whole for stream in readers.streams))
    trials.show(request.config)
    assert readers.failed == []
    assert [stream for stream in readers.streams if not stream.whole] == []
    if slow >= 500:  # a bound on time holds where nothing else runs
        assert p99 < 0.2


def _health(front: Front, times: int) -> Iterator[float]:
    """Seconds of each answer of /livez; a new address every fifty, which is less than one may ask."""
    for number in range(0, times, 50):
        with front.client(f"127.0.5.{number // 50 + 1}") as client:
            for _ in range(50):
                began = time.perf_counter()
                answer = client.get("/livez")
                assert answer.status_code == 200, answer.text
                yield time.perf_counter() - began
