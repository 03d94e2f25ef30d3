"""An excerpt of a passage: where most of the words stand that it was found by, with these marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = 360
LENGTHS = {"ko": 200}
"""Some five lines of a page in any script: a syllable of Hangul is as wide as two letters, and says as much."""


@dataclass(frozen=True, slots=True)
class Stretch:
    text: str
    marked: bool = False


def excerpt(text: str, spans: Sequence[tuple[int, int]], length: int = LENGTH) -> list[Stretch]:
    """At most about `length` characters of a text, in order, with an ellipsis where it was cut. Spans that overlap, as
    those of Korean words do, make one mark.
    """
    start, end = _window(text, spans, length)
    stretches = [Stretch("… ")] if start else []
    at = start
    for first, last in _merged(spans):
        if first < start or last > end:
            continue
        stretches += [Stretch(text[at:first]), Stretch(text[first:last], marked=True)]
        at = last
    stretches += [Stretch(text[at:end]), Stretch(" …" if end < len(text) else "")]
    return [stretch for stretch in stretches if stretch.text]


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _window(text: str, spans: Sequence[tuple[int, int]], length: int) -> tuple[int, int]:
    """The stretch of `length` with the most spans, moved out to whole words."""
    if len(text) <= length:
        return 0, len(text)
    lead = length // 6
    starts = [min(max(first - lead, 0), len(text) - length) for first, _ in spans] or [0]
    start = max(starts, key=lambda at: sum(at <= first and last <= at + length for first, last in spans))
    end = start + length
    if start:
        start = text.find(" ", start, start + lead) + 1 or start
    if end < len(text):
        end = max(text.rfind(" ", end - lead, end), start) if " " in text[end - lead : end] else end
    return start, end
