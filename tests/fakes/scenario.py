"""Scenario: what the fake upstream plays for one request, and its event lines."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

STATUSES = (400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503)
FORM = json.dumps(
    {
        "cast": [{"name": "Ilse", "role": "who rings the bell", "traits": ["keeps count"]}],
        "choices": ["Ilse rings it again.", "Ilse takes the bell down.", "Nobody comes."],
        "summary": "Ilse rang the bell twice.",
    }
)
WORDS = ("Once ", "upon ", "a ", "time ", "the ", "bell ", "rang ", "twice.")


@dataclass(frozen=True)
class Scenario:
    """`form` is what is answered where a form is to be filled in, in pieces of 20 characters.

    `fault` happens after `after` pieces; `latch` holds the stream at the same place until it is released.

    A status is the answer's before the first piece; `after` some it comes as an error within the stream.

    With the fault `flow` pieces go on coming until the latch is released.

    `before` the answer and the `delay` after each piece are in seconds.
    """

    fault: str = "ok"
    after: int = 0
    pieces: tuple[str, ...] = WORDS
    before: float = 0.0
    delay: float = 0.0
    latch: str = ""
    retry_after: str = ""
    refuses: tuple[str, ...] = field(default=())
    form: str = FORM

    @classmethod
    def from_script(cls, script: dict[str, Any]) -> Scenario:
        """`pieces` is a list of texts, or how many there shall be."""
        wanted = dict(script)
        if isinstance(count := wanted.get("pieces"), int):
            wanted["pieces"] = [f"word{number} " for number in range(count)]
        for name in ("pieces", "refuses"):
            if name in wanted:
                wanted[name] = tuple(wanted[name])
        return cls(**wanted)

    def named(self, model: str) -> Scenario:
        """A model called `drop@3` drops after three pieces, whatever the script says; other names play the script."""
        fault, _, after = model.partition("@")
        if fault in FAULTS or (fault.isdigit() and int(fault) in STATUSES):
            return replace(self, fault=fault, after=int(after or 0))
        return self


# What each of them does is in tests.fakes.play.
FAULTS = tuple(
    "ok hang hangup reset html json stall drop mid-line comments no-finish done-no-finish bad-json bad-utf8 error-event"
    " error-data error-429 long-line length content-filter tool-calls surrogates lone-surrogate controls odd empty"
    " thinking drop-after-finish stall-after-finish drip flow".split()
)


def event(model: str, delta: object, finish: str | None = None, **more: Any) -> bytes:
    """One `data:` line as OpenAI sends it."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return data({**_envelope(model), "choices": [choice], "usage": None, **more})


def usage(model: str, count: int) -> bytes:
    counted = {"prompt_tokens": 11, "completion_tokens": count, "total_tokens": 11 + count}
    return data({**_envelope(model), "choices": [], "usage": counted})


def data(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _envelope(model: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_fc9f1d7035",
    }
