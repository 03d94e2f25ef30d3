"""CPU for a forwarded piece: the storyteller openai beside the client's own typed objects, on the same streams.

`python benchmarks/piece_cost.py` has the fake upstream, which is a process of its own, play them, and reads them one
way after the other, round after round: first one stream whose pieces come as fast as they can be read, then as many at
once as dream tells by default, with time between the pieces, so that the reader has to be woken for each. CPU is that
of this whole process, from the request to the finish. The bytes alone show what the transport and the waking
take of it.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import openai

from dream.settings import load_settings
from dream.storytelling.prompt import Message, Prompt
from dream.storytelling.storytellers import Finish, Storyteller
from dream.storytelling.storytellers.choose import load
from tests.fakes.client import FakeUpstream

PROMPT = Prompt((Message("system", "Tell stories."), Message("user", "A bell under the sea.")), seed=7, max_words=900)


def told(storyteller: Storyteller) -> int:
    return sum(not isinstance(item, Finish) for item in storyteller.tell(PROMPT))


def typed(client: openai.OpenAI) -> int:
    messages: Any = [{"role": message.role, "content": message.text} for message in PROMPT.messages]
    stream = client.chat.completions.create(
        model="scripted", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    return sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in stream)


def passed(client: openai.OpenAI, pieces: int) -> int:
    """Reads the bytes and looks at none of them."""
    create = client.chat.completions.with_streaming_response.create
    with create(model="scripted", messages=[{"role": "user", "content": "A bell."}], stream=True) as response:
        for _ in response.iter_bytes():
            pass
    return pieces


def microseconds(read: Callable[[], int], streams: int, pieces: int) -> float:
    """CPU of this process for each piece of `streams` that are read at once."""
    gc.collect()
    with ThreadPoolExecutor(streams) as readers:
        began = time.process_time()
        counts = [reader.result() for reader in [readers.submit(read) for _ in range(streams)]]
        spent = time.process_time() - began
    assert counts == [pieces] * streams, f"{counts} pieces came"
    return spent / (pieces * streams) * 1e6


def measure(upstream: FakeUpstream, streams: int, pieces: int, rounds: int) -> dict[str, list[float]]:
    """What each way took in each round; a round before the first imports and warms."""
    storyteller = load(
        load_settings(
            _env_file=None,
            storyteller="openai",
            openai_base_url=upstream.base_url,
            openai_api_key="none",
            model="scripted",
        )
    )
    client = openai.OpenAI(api_key="none", base_url=upstream.base_url, max_retries=0)
    ways: dict[str, Callable[[], int]] = {
        "storyteller openai": lambda: told(storyteller),
        "typed objects": lambda: typed(client),
        "the bytes alone": lambda: passed(client, pieces),
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds + 1):
        for way, read in ways.items():
            spent[way].append(microseconds(read, streams, pieces))
    return {way: costs[1:] for way, costs in spent.items()}


def report(upstream: FakeUpstream, streams: int, pieces: int, delay: float, rounds: int) -> None:
    upstream.script(pieces=pieces, delay=delay)
    spent = measure(upstream, streams, pieces, rounds)
    print(f"{rounds} rounds of {streams} x {pieces} pieces, {delay * 1000:g} ms apart; microseconds of CPU a piece:")
    for way, costs in spent.items():
        print(f"  {way:20} median {median(costs):6.1f}   from {min(costs):6.1f} to {max(costs):6.1f}")
    ours, theirs, _ = (median(costs) for costs in spent.values())
    print(f"  typed objects take {theirs / ours:.1f} times as much", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with FakeUpstream() as upstream:
        report(upstream, streams=1, pieces=2000, delay=0, rounds=rounds)
        report(upstream, streams=32, pieces=200, delay=0.02, rounds=rounds)


if __name__ == "__main__":
    main()
