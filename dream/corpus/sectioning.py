"""Sectioning: a section's text cut into fragments, at the ends of sentences and, where it can be, of paragraphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dream.language.sentences import Span, paragraphs, sentences

SPLIT_PARAGRAPH = 1.0
"""What a cut inside a paragraph costs, beside a fragment's squared distance from its target length (in targets)."""

MOST_SENTENCES = 128
"""Sentences of a fragment, at most: no prose has so many, and a file of nothing but full stops would take minutes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Characters that a fragment aims for, and has at most."""

    target: int
    longest: int


# The default embedding model reads 256 tokens: about 1,100 letters of English, but half as many of Korean.
MEASURES = {"en": Measure(950, 1150), "ko": Measure(420, 560)}


def cut(text: str, language: str) -> list[Span]:
    """The spans of a section's fragments, in order: whole sentences, near the target length, no overlap.

    Of all ways to cut, the one that costs least: it keeps paragraphs whole where their length allows it. A sentence
    longer than a fragment is cut at a space.
    """
    measure = MEASURES.get(language, MEASURES["en"])
    return _cheapest(list(_sentences(text, measure.longest)), measure)


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    opens: bool  # whether a paragraph begins with it


def _cheapest(found: list[_Sentence], measure: Measure) -> list[Span]:
    """Dynamic programming over the last sentence of a fragment; a fragment holds few, so each step looks back a few."""
    best: list[tuple[float, int]] = [(0.0, 0)]  # the cost of cutting the first n sentences, and where the last cut is
    for stop in range(1, len(found) + 1):
        choices: list[tuple[float, int]] = []
        for start in range(stop - 1, -1, -1):
            length = found[stop - 1].span.end - found[start].span.start
            if choices and (length > measure.longest or stop - start > MOST_SENTENCES):
                break
            distance = (length - measure.target) / measure.target
            split = 0.0 if found[start].opens else SPLIT_PARAGRAPH
            choices.append((best[start][0] + distance * distance + split, start))
        best.append(min(choices))
    spans: list[Span] = []
    stop = len(found)
    while stop:
        start = best[stop][1]
        spans.append(Span(found[start].span.start, found[stop - 1].span.end))
        stop = start
    return spans[::-1]


def _sentences(text: str, longest: int) -> Iterator[_Sentence]:
    for paragraph in paragraphs(text):
        opens = True
        for sentence in sentences(text[paragraph.start : paragraph.end]):
            span = Span(paragraph.start + sentence.start, paragraph.start + sentence.end)
            for piece in _short_enough(text, span, longest):
                yield _Sentence(piece, opens)
                opens = False


def _short_enough(text: str, sentence: Span, longest: int) -> Iterator[Span]:
    start, end = sentence
    while end - start > longest:
        space = text.rfind(" ", start + longest // 2, start + longest)
        stop = space if space > 0 else start + longest
        yield Span(start, stop)
        start = stop + (1 if space > 0 else 0)
    yield Span(start, end)
