"""A memory read out of a scene's own words, where no model reads it. The same text gives the same memory."""

from __future__ import annotations

from collections.abc import Sequence

from dream.language.sentences import sentences
from dream.storytelling.brief import Brief
from dream.storytelling.memory import english, korean
from dream.storytelling.memory.people import grown
from dream.storytelling.memory.record import NOTHING, SUMMARY_LENGTH, Memory, Person

_DIGEST = 240
"""Characters of one scene in a running summary."""


def read(text: str, brief: Brief, before: Memory = NOTHING, *, part: int = 1, seed: int = 0, taken: str = "") -> Memory:
    """The memory of a scene that was told after `before`, where the reader had `taken` a way to it."""
    reader = korean if brief.spoken_language == "ko" else english
    found: Sequence[Person] = reader.people(text, brief)
    cast = grown(before.cast, found, text, part)
    return Memory(
        cast=cast, choices=reader.choices(text, brief, found, seed, taken), summary=folded(before.summary, text)
    )


def folded(before: str, text: str) -> str:
    """A running summary with one more scene in it: a line for each, of which the second oldest goes where they no
    longer fit.
    """
    lines = [line for line in before.split("\n") if line.strip()]
    lines.append(digest(text))
    while len(lines) > 2 and sum(map(len, lines)) + len(lines) > SUMMARY_LENGTH:
        del lines[1]
    return "\n".join(lines)[:SUMMARY_LENGTH]


def digest(text: str) -> str:
    """A scene in short: its first sentence and its last ones, as many as fit."""
    spans = sentences(text)
    said = [" ".join(text[span.start : span.end].split()) for span in spans]
    if not said:
        return ""
    first = said[0]
    last: list[str] = []
    for sentence in reversed(said[1:]):
        if len(first) + sum(map(len, last)) + len(sentence) + len(last) + 1 > _DIGEST:
            break
        last.insert(0, sentence)
    short = " ".join([first, *last])
    return short if len(short) <= _DIGEST else short[: _DIGEST - 1].rsplit(" ", 1)[0] + "…"
