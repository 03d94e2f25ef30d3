"""Chat stream: the text and the last word in the event lines of OpenAI's chat completions.

Each line is parsed once, by orjson, and only what dream needs is looked at: the client's own typed objects cost
several times as much.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import orjson

from dream.storytelling.answer import LastWord
from dream.storytelling.faults import Broken, by_status

LINE_LIMIT = 1 << 20  # bytes; no piece of a story comes near it


def read(chunks: Iterable[bytes]) -> Generator[str | LastWord, None, None]:
    """Yields the text of an event stream, and its LastWord as it becomes known; "" where nothing has come yet.

    Raises Broken where it is no such stream. Reasoning, refusals, tool calls and fields nobody knows are passed over.
    """
    last, prompt_tokens, answer_tokens = "", None, None
    for data in _data(chunks):
        if not data:
            yield ""
            continue
        event = _event(data)
        choice = _choice(event)
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            yield text
        if isinstance(reason := choice.get("finish_reason"), str):
            last = reason
        if isinstance(usage := event.get("usage"), dict):
            prompt_tokens, answer_tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        if last:
            yield LastWord(last, prompt_tokens, answer_tokens)


def _data(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What stands behind each `data:`, up to [DONE]; b"" where nothing has come. A line that never ended is none."""
    rest = b""
    for chunk in chunks:
        if not chunk:
            yield b""
            continue
        lines = (rest + chunk).split(b"\n")
        if len(lines[0]) > LINE_LIMIT:
            raise Broken("provider_garbled")
        rest = lines.pop()
        for line in lines:
            if not line.startswith(b"data:"):
                _check(line)
            elif (data := line[5:].strip()) == b"[DONE]":
                return
            elif data:
                yield data


def _check(line: bytes) -> None:
    """Raises Broken where a line without data is not one of an event stream, or announces an error."""
    if line.startswith(b"error:") or line.rstrip() in (b"event: error", b"event:error"):
        raise Broken("provider_failed")
    if line.strip() and not line.startswith((b":", b"event:", b"id:", b"retry:")):
        raise Broken("provider_garbled")


def _event(data: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        event = _patient(data)
    if not isinstance(event, dict):
        raise Broken("provider_garbled")
    if error := event.get("error"):
        code = error.get("code") if isinstance(error, dict) else None
        raise by_status(code) if isinstance(code, int) and 400 <= code < 600 else Broken("provider_failed")
    return event


def _patient(data: bytes) -> object:
    """The standard library's reading, which allows half of a surrogate pair where orjson does not."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Broken("provider_garbled") from None


def _choice(event: dict[str, Any]) -> dict[str, Any]:
    choices = event.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict) and choices[0].get("index") in (0, None):
        return choices[0]
    return {}


def _count(tokens: object) -> int | None:
    return tokens if type(tokens) is int and tokens >= 0 else None
