"""What a loader makes of a file: clean text, its sections, and what it says of itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

_DROPPED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Part(NamedTuple):
    """A stretch [start, end) of a document's text under one heading ("" for none)."""

    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """`text` is NFC without control, direction or tag characters; the parts cover it in order. Unknown metadata is
    "".
    """

    text: str
    parts: tuple[Part, ...]
    title: str = ""
    author: str = ""
    language: str = ""
    licence: str = ""
    summary: str = ""
    tags: list[str] = field(default_factory=list)


def clean(text: str) -> str:
    """Text as dream stores it: NFC, plain line ends, nothing invisible that could reorder or hide words."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _DROPPED.sub("", text))
