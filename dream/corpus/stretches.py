"""Stretches: a long text in pieces that are small enough to hold, cut where a reader would pause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST = 64 * 1024
"""Code points of a stretch, at most."""

_PAUSES = tuple(re.compile(pause) for pause in (r"\n[^\S\n]*\n\s*", r"\n\s*", r"[.!?…。！？]\S{0,8}\s+", r"\s+"))


def stretches(pieces: Iterable[str]) -> Iterator[str]:
    """The text of all pieces in stretches of at most LONGEST code points: nothing is lost, none is empty."""
    held = ""
    for piece in pieces:
        held += piece
        start = 0
        while len(held) - start > LONGEST:
            end = _pause(held, start)
            yield held[start:end]
            start = end
        held = held[start:]
    if held:
        yield held


def _pause(text: str, start: int) -> int:
    """Where the stretch from `start` ends: after its last paragraph, or else line, sentence or word; the cut falls
    into the last eighth of what it may have.
    """
    end = start + LONGEST
    for pause in _PAUSES:
        found = [match.end() for match in pause.finditer(text, end - LONGEST // 8, end)]
        if found:
            return found[-1]
    while unicodedata.combining(text[end]) or "\u1160" <= text[end] <= "\u11ff":  # belongs to the character before
        end -= 1
        if end == start:
            return start + LONGEST
    return end
