"""CPU for a forwarded piece: the storyteller openai beside the client's own typed objects, on the same stream.

`python benchmarks/piece_cost.py` plays a stream of many pieces from the fake upstream, which is a process of its own,
and reads it in both ways, one after the other, round after round. CPU is that of this whole process.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
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


def storyteller(teller: Storyteller) -> int:
    return sum(not isinstance(item, Finish) for item in teller.tell(PROMPT))


def typed_objects(client: openai.OpenAI) -> int:
    messages: Any = [{"role": message.role, "content": message.text} for message in PROMPT.messages]
    stream = client.chat.completions.create(
        model="scripted", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    return sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in stream)


def microseconds(read: Callable[[], int], pieces: int) -> float:
    """CPU of this process for each piece of one stream."""
    gc.collect()
    began = time.process_time()
    count = read()
    spent = time.process_time() - began
    assert count == pieces, f"{count} of {pieces} pieces came"
    return spent / pieces * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--delay", type=float, default=0.002, help="seconds between pieces, so that they come one by one"
    )
    given = parser.parse_args()
    with FakeUpstream() as upstream:
        upstream.script(pieces=given.pieces, delay=given.delay)
        settings = load_settings(
            _env_file=None,
            storyteller="openai",
            openai_base_url=upstream.base_url,
            openai_api_key="none",
            model="scripted",
        )
        teller = load(settings)
        client = openai.OpenAI(api_key="none", base_url=upstream.base_url, max_retries=0)
        ways: dict[str, Callable[[], int]] = {
            "storyteller openai": lambda: storyteller(teller),
            "typed objects": lambda: typed_objects(client),
        }
        spent: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(given.rounds + 1):
            for way, read in ways.items():
                cost = microseconds(read, given.pieces)
                if number:  # the first round imports and warms
                    spent[way].append(cost)
    print(
        f"{given.rounds} rounds of {given.pieces} pieces, {given.delay * 1000:g} ms apart; microseconds of CPU a piece"
    )
    for way, costs in spent.items():
        print(f"  {way:20} median {median(costs):6.1f}   from {min(costs):6.1f} to {max(costs):6.1f}")
    ours, theirs = (median(costs) for costs in spent.values())
    print(f"  typed objects take {theirs / ours:.1f} times as much")


if __name__ == "__main__":
    main()
