"""Moments as words: when a piece was sent, in what a story could hold. A number would be seven tokens to the embedding
model that ties threads, a word of five letters is two or three, as words of stories are.
"""

from __future__ import annotations

import time

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIZE = 5
_ROUND: int = 26**_SIZE
UNIT = 0.1
"""Milliseconds. Words come round again after twenty minutes."""


def now() -> int:
    """The machine's monotonic clock in units, as all its processes see it."""
    return time.monotonic_ns() // 100_000


def word(moment: int) -> str:
    letters = []
    for _ in range(_SIZE):
        moment, letter = divmod(moment, 26)
        letters.append(_LETTERS[letter])
    return "".join(letters)


def since(word: str, moment: int) -> int:
    """Units from the moment in a word to another."""
    sent = 0
    for letter in reversed(word):
        sent = sent * 26 + _LETTERS.index(letter)
    return (moment - sent) % _ROUND
