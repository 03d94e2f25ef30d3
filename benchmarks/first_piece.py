"""Time to the first piece of a story: what dream adds to the storyteller's own time.

A reader posts a premise of about 32 tokens and follows the events, against a fake OpenAI-compatible server in its own
process. The same server is asked directly in between, by the same client; the difference is dream's.

    python -m benchmarks.first_piece [rounds]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from http.client import HTTPConnection

from benchmarks.home import starter_home
from tests.fakes.client import FakeUpstream
from tests.serving import Serving

PREMISE = (
    "A ferryman who has forgotten the far bank rows a salt tax collector across the river by night, "
    "and neither of them will say what he has in the box."
)
WARM_UP = 5
PAUSE_SECONDS = 0.25
"""Between rounds: a model is asked about the story before, in the background, and no lone reader would meet that."""

_JSON = {"Content-Type": "application/json"}


def main(rounds: int) -> None:
    with starter_home() as home, FakeUpstream() as upstream:
        upstream.script(pieces=20, before=0.05)
        settings = {"storyteller": "openai", "openai_base_url": upstream.base_url, "model": "bench"}
        with Serving(home, **settings) as serving:
            added, alone = [], []
            for _ in range(rounds + WARM_UP):
                time.sleep(PAUSE_SECONDS)
                alone.append(_directly(upstream.port))
                added.append(through_dream(serving) - alone[-1])
    show("the storyteller alone, ms", alone[WARM_UP:])
    show("added by dream, ms", added[WARM_UP:])


def through_dream(serving: Serving) -> float:
    """Seconds from the POST to the first delta, for a reader whose own part costs as little as can be."""
    connection = HTTPConnection(serving.bind)
    start = time.perf_counter()
    connection.request("POST", "/api/v1/stories", json.dumps({"premise": PREMISE}), _JSON)
    begun = json.load(connection.getresponse())
    reader = {"Authorization": f"Bearer {begun['reader_token']}"}
    connection.request("GET", begun["events"], headers=reader)
    seconds = _until(connection, b"event: delta", start)
    connection.close()
    with serving.follow(begun["events"], begun["reader_token"]) as events:
        assert [name for _, name, _ in events][-1] == "told"  # its threads are made before the next round begins
    assert serving.client.get(begun["scene"]["url"], headers=reader).json()["sources"]
    return seconds


def _directly(port: int) -> float:
    """Seconds from the request to the first piece, asked without dream."""
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": PREMISE}]}
    connection = HTTPConnection(f"127.0.0.1:{port}")
    start = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps(body), _JSON)
    seconds = _until(connection, b'"content":"word', start)
    connection.close()
    return seconds


def _until(connection: HTTPConnection, sign: bytes, start: float) -> float:
    """Seconds from `start` until a line of the answer holds the sign."""
    for line in connection.getresponse():
        if sign in line:
            return time.perf_counter() - start
    raise AssertionError("the answer ended without a piece of text")


def show(name: str, seconds: list[float]) -> None:
    milliseconds = sorted(1000 * value for value in seconds)
    low, high = milliseconds[len(milliseconds) // 20], milliseconds[-1 - len(milliseconds) // 20]
    median = statistics.median(milliseconds)
    print(f"{name:28} median {median:6.1f}   5-95 % {low:6.1f} to {high:6.1f}   n={len(milliseconds)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
