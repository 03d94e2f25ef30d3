"""Cleaning: text as dream stores it, and what had to be left out for that."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from dream.wording import worded

# What cannot be seen, yet could reorder, hide or smuggle words. Zero-width joiners stay: scripts and emoji need them.
_KINDS = {
    "control character": r"\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f",
    "direction mark": r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
    "tag character": r"\U000e0000-\U000e007f",
    "invisible character": r"\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb",
    "broken character": r"\ud800-\udfff",  # half of a pair
}
_LEFT_OUT = {
    "control character": worded("Left out, as nobody can see them: control characters (%(count)s)."),
    "direction mark": worded("Left out, as nobody can see them: direction marks (%(count)s)."),
    "tag character": worded("Left out, as nobody can see them: tag characters (%(count)s)."),
    "invisible character": worded("Left out, as nobody can see them: invisible characters (%(count)s)."),
    "broken character": worded("Left out, as nobody could read them: broken characters (%(count)s)."),
}
_DROPPED = re.compile(f"[{''.join(_KINDS.values())}]")
_KIND = {name: re.compile(f"[{characters}]") for name, characters in _KINDS.items()}
_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")


class Cleaner:
    """Cleans one document's text piece by piece and counts what it leaves out."""

    def __init__(self) -> None:
        self._dropped: Counter[str] = Counter()

    def clean(self, text: str) -> str:
        """NFC, plain line ends, nothing invisible that could reorder or hide words."""
        text = _ENDS.sub("\n", text)
        if _DROPPED.search(text):
            for name, kind in _KIND.items():
                text, found = kind.subn("", text)
                self._dropped[name] += found
        return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)

    def notices(self) -> Iterator[str]:
        """A sentence about each kind that was left out."""
        for name, count in self._dropped.items():
            if count:
                yield worded(_LEFT_OUT[name], count=count)


def clean(text: str) -> str:
    """Text as dream stores it, for what is short."""
    return Cleaner().clean(text)
