"""Where an answer ends before its story does: at a text that the client named, or at so many tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

# What common tokenizers make about one token of: a word with the space before it, a sign, a syllable or an ideograph.
_TOKEN = re.compile(r"\s*(?:[^\W\d_가-힣\u2e80-\u9fff]{1,8}|[가-힣\u2e80-\u9fff]|\d{1,3}|[^\w\s]|_)")


def tokens(text: str) -> int:
    """About how many tokens a text has, where nobody counted them."""
    return sum(1 for _ in _TOKEN.finditer(text))


class Cut:
    """Lets pieces of an answer pass up to its cut. A piece may be held back until it is sure that no stop begins in it.

    `reason` is set once it has cut: "stop" or "length".
    """

    def __init__(self, stops: Sequence[str], most_tokens: int | None) -> None:
        self._stops = stops
        self._held = ""
        self._left = most_tokens
        self.reason: Literal["stop", "length"] | None = None

    def feed(self, piece: str) -> str:
        """What may be shown now."""
        text = self._held + piece
        found = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            self._held, self.reason = "", "stop"
            return self._within(text[: min(found)])
        keep = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return self._within(text[: len(text) - keep])

    def rest(self) -> str:
        """What was held back, when the story has ended."""
        text, self._held = self._held, ""
        return self._within(text)

    def _within(self, text: str) -> str:
        if self._left is None or not text:
            return text
        ends = [match.end() for match in _TOKEN.finditer(text)]
        if len(ends) < self._left:
            self._left -= len(ends)
            return text
        if len(ends) > self._left:
            self.reason = "length"
        # What follows the last word stays out, wherever the pieces happen to part.
        text, self._left = text[: ends[self._left - 1]] if self._left else "", 0
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text may be the beginning of a stop."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if stop.startswith(text[-size:])), 0)
