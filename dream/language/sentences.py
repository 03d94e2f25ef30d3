"""Sentences of a text, as spans of code points; written for English and Korean prose, harmless on anything else."""

from __future__ import annotations

import re
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open [start, end) in code points of the text it belongs to."""

    start: int
    end: int


_CLOSERS = "\"'”’»)]」』"
_OPENERS = "\"'“‘«([「『—"
_END = re.compile(rf"[.!?…。！？]+[{re.escape(_CLOSERS)}]*(?=\s)")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr st prof rev capt col gen lt sgt hon jr sr vs etc e.g i.e no vol cf viz approx messrs mme mlle".split()
)
# A Korean clause that goes on after a closing quotation mark: “가자.” 하고 말했다.
_KOREAN_GOES_ON = re.compile(r"(?:이?라[고며는던]|하[고며는던였]|했|고\s|며\s|는\s)")


def sentences(text: str) -> list[Span]:
    """The sentences of `text` in order, without the white space around them. An empty line always ends one."""
    spans: list[Span] = []
    for start, end in paragraphs(text):
        spans.extend(_within(text, start, end))
    return spans


def paragraphs(text: str) -> list[Span]:
    """The stretches between empty lines, trimmed."""
    spans: list[Span] = []
    start = 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        span = _trimmed(text, start, end)
        if span:
            spans.append(span)
        start = gap.end() if gap else end
    return spans


def _within(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends(text, match):
            span = _trimmed(text, start, match.end())
            if span:
                spans.append(span)
            start = match.end()
    last = _trimmed(text, start, end)
    return [*spans, last] if last else spans


def _ends(text: str, match: re.Match[str]) -> bool:
    """Whether the punctuation at `match` ends a sentence, judged by the words before and after it."""
    mark = match.group()
    before = text[max(0, match.start() - 12) : match.start()].split()
    word = before[-1].lstrip(_OPENERS) if before else ""
    if mark == "." and (
        word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isascii() and word.isupper() and word != "I")
    ):
        return False
    after = text[match.end() : match.end() + 16].lstrip()
    first = after.lstrip(_OPENERS)[:1]
    if first.isalpha() and first.islower():
        return False
    closed = mark[-1] in _CLOSERS
    return not (closed and _KOREAN_GOES_ON.match(after))


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return Span(start, end) if start < end else None
