"""A scene and its fragments, read for comparison: sentences, the clues in them, and the windows of each fragment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from dream.language.sentences import Span, sentences
from dream.storytelling.provenance.clues import Clue, clues

WIDEST = 3  # sentences in a window


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, its sentences, and the clues of each of them."""

    text: str
    spans: list[Span]
    clues: list[list[Clue]]

    @property
    def windows(self) -> list[tuple[int, int]]:
        """All runs of one to `WIDEST` sentences, as (first, after the last)."""
        count = len(self.spans)
        return [(at, end) for at in range(count) for end in range(at + 1, min(count, at + WIDEST) + 1)]

    @property
    def keys(self) -> set[str]:
        return {key for clue in chain.from_iterable(self.clues) for key in clue.keys}


def read(text: str, language: str, known: str = "") -> Passage:
    """`text`, read. Words that `known` holds already are no clues, and none counts twice in a sentence."""
    given = {key for clue in clues(known, language) for key in clue.keys}
    spans = sentences(text)
    found = list(clues(text, language))
    return Passage(text, spans, [list(_telling(found, span, given)) for span in spans])


def _telling(found: Sequence[Clue], span: Span, given: set[str]) -> Iterator[Clue]:
    seen: set[frozenset[str]] = set()
    for clue in found:
        if not span.start <= clue.start < span.end:
            continue
        # A shared syllable of a Korean word is often only its particle; that alone does not make the word known.
        keys = {key: bits for key, bits in clue.keys.items() if key not in given}
        known = any(len(key) > 1 for key in clue.keys.keys() & given)
        if keys and not known and frozenset(keys) not in seen:
            seen.add(frozenset(keys))
            yield Clue(clue.start, clue.end, keys)


def held_by(passages: Sequence[Passage]) -> Counter[str]:
    """In how many of the passages each key stands."""
    return Counter(chain.from_iterable(passage.keys for passage in passages))
