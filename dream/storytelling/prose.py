"""A scene's text as paragraphs of runs, each with its sources' numbers. static/prose.js does the same in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dream.language.sentences import Span, paragraphs
from dream.store import models

MOST_NUMBERS = 2
"""How many sources a sentence names. More would tell a reader less."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a paragraph. `sources` are the numbers of what it leans on, strongest first; `copied` says that it
    stands there word for word. `mark` are the numbers to print after it: once for neighbours that share them."""

    text: str
    sources: tuple[int, ...] = ()
    copied: bool = False
    mark: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tied:
    """A sentence [start, end) and the numbers of its sources."""

    start: int
    end: int
    sources: tuple[int, ...]


def numbered(threads: Sequence[models.Thread], fragment_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of a scene's sources, 1 and on: as the text first names them, then those that it never does."""
    ranks = {fragment_id: rank for rank, fragment_id in enumerate(fragment_ids, 1)}
    named = [rank for sentence in tied(threads, ranks) for rank in sentence.sources]
    order = dict.fromkeys([*named, *ranks.values()])
    return {fragment_ids[rank - 1]: number for number, rank in enumerate(order, 1)}


def tied(threads: Sequence[models.Thread], numbers: Mapping[str, int]) -> list[Tied]:
    """The sentences of a scene that lean on something; `numbers` are its sources' by fragment id."""
    found: dict[tuple[int, int], list[int]] = {}
    for thread in threads:
        if number := numbers.get(thread.fragment_id):
            found.setdefault((thread.start, thread.end), []).append(number)
    return [Tied(start, end, tuple(sources[:MOST_NUMBERS])) for (start, end), sources in sorted(found.items())]


def runs(text: str, sentences: Sequence[Tied], copied: Sequence[Span]) -> list[list[Run]]:
    """The paragraphs of `text`; joined, the runs of each are its text."""
    return [_paragraph(text, span, sentences, copied) for span in paragraphs(text)]


def _paragraph(text: str, paragraph: Span, sentences: Sequence[Tied], copied: Sequence[Span]) -> list[Run]:
    inside = [s for s in sentences if paragraph.start <= s.start and s.end <= paragraph.end]
    cuts = {paragraph.start, paragraph.end, *(edge for s in inside for edge in (s.start, s.end))}
    cuts |= {edge for run in copied for edge in run if paragraph.start < edge < paragraph.end}
    edges = sorted(cuts)
    found = []
    for start, end in pairwise(edges):
        sentence = next((s for s in inside if s.start <= start and end <= s.end), None)
        quoted = any(run.start <= start and end <= run.end for run in copied)
        closes = sentence is not None and end == sentence.end and not _shared(text, inside, sentence)
        sources = sentence.sources if sentence else ()
        found.append(Run(text[start:end], sources, quoted, sources if closes else ()))
    return found


def _shared(text: str, inside: Sequence[Tied], sentence: Tied) -> bool:
    """Whether the sentence right after this one names the same sources."""
    after = next((s for s in inside if s.start >= sentence.end), None)
    return after is not None and after.sources == sentence.sources and not text[sentence.end : after.start].strip()
