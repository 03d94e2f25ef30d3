"""Runs of words that a scene shares with a fragment, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from dream.language.words import Word, words
from dream.retrieval.fragment import Fragment
from dream.storytelling.provenance.thread import CopiedRun

LEAST = 12


def copied_runs(text: str, fragments: Sequence[Fragment]) -> tuple[CopiedRun, ...]:
    """The runs of at least `LEAST` words in the order of the text, whatever their case and punctuation.

    Quotations are included. Each run is as long as it goes; where several fragments hold the same words, the longest
    run counts, then the first fragment.
    """
    told = list(words(text))
    sources = [list(words(fragment.text)) for fragment in fragments]
    places = _places(sources)
    runs: list[CopiedRun] = []
    at = 0
    while at + LEAST <= len(told):
        starts = places.get(_key(told, at), ())
        found = [(_length(told[at:], sources[number][first:]), number, first) for number, first in starts]
        if not found:
            at += 1
            continue
        length, number, first = max(found, key=lambda run: run[0])
        run, held = told[at : at + length], sources[number][first : first + length]
        runs.append(
            CopiedRun(run[0].start, run[-1].end, fragments[number].id, held[0].start, held[-1].end, words=length)
        )
        at += length
    return tuple(runs)


def _places(sources: Sequence[Sequence[Word]]) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """Where each run of `LEAST` words begins: (number of the source, number of the word), the first source first."""
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for number, source in enumerate(sources):
        for first in range(len(source) - LEAST + 1):
            places.setdefault(_key(source, first), []).append((number, first))
    return places


def _key(run: Sequence[Word], first: int) -> tuple[str, ...]:
    return tuple(word.text for word in run[first : first + LEAST])


def _length(told: Sequence[Word], source: Sequence[Word]) -> int:
    pairs = zip(told, source, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0].text == pair[1].text, pairs))
