"""Selection: which of the ranked candidates are shown, and in which order.

Scores are logarithms of likelihoods, so what a rule costs is stated in them: 1.0 is a factor of 2.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream.retrieval.candidates import Candidates, Floats, Integers
from dream.retrieval.postings import Hashes

Mask = NDArray[np.bool_]

NEAR_COPY = 0.8
"""Two fragments that share this much of the smaller one's terms are near-copies; only the better one is kept."""

LEAST_TERMS = 8
"""A fragment of fewer different terms is a near-copy only of its equal."""

EARLY = 4
"""The fragments that fill about 4,000 characters."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`beside` is added to the score of a fragment right before or after a chosen one, which often holds the rest of a
    passage. `again` is taken off for each chosen fragment of the same work, `again_author` for each of the same author.
    `most_per_author` caps an author's share of the fragments while others' remain that are within `fitting` of the
    best. So many of the first EARLY fragments are of different works, `early_works`, while others' fit like that.
    """

    beside: float = 0.0
    again: float = 0.0
    most_per_author: float = 1.0
    early_works: int = 0
    fitting: float = 8.0


SEARCH = Rules(beside=0.25)
STORY = Rules(again=1.0, most_per_author=0.5, early_works=3, fitting=16.0)
"""Chosen on the train premises: see docs/retrieval.md for what they cost."""


class Overlaps:
    """Which candidates are near-copies of each other, by the different terms that each of them holds."""

    def __init__(self, terms: Sequence[Hashes]) -> None:
        self._candidates = len(terms)
        self._rows = np.flatnonzero([len(held) for held in terms])
        """Those that hold any: the few that may be chosen."""
        held = [terms[row] for row in self._rows.tolist()]
        owners = np.repeat(np.arange(len(held)), [len(words) for words in held])
        words, places = np.unique(np.concatenate([np.zeros(0, dtype="<u4"), *held]), return_inverse=True)
        self._holds = np.zeros((len(held), len(words)), dtype=np.float32)
        self._holds[owners, places] = 1.0
        self._sizes = self._holds.sum(axis=1)

    def copies_of(self, row: int) -> Mask:
        """The near-copies of a candidate, itself among them where it has any terms."""
        alike = np.zeros(self._candidates, dtype=bool)
        place = np.flatnonzero(self._rows == row)
        if len(place):
            own = self._sizes[place]
            shared = self._holds @ self._holds[place[0]]
            smaller, equal = np.minimum(self._sizes, own), np.maximum(self._sizes, own)
            needed = np.where(smaller < LEAST_TERMS, equal, NEAR_COPY * smaller)
            alike[self._rows] = (shared > 0) & (shared >= needed)
        return alike


def select(
    candidates: Candidates, scores: Floats, overlaps: Overlaps, rules: Rules, limit: int, budget: int | None
) -> list[tuple[int, float]]:
    """(candidate, its score when it was chosen), in order: at most `limit` within `budget` characters.

    A score is never above the one before. Candidates with a score of -inf take no part. Whole fragments only: one that
    does not fit any more is passed over, but the first is always taken.
    """
    left = scores.astype(float).copy()
    fits = scores >= scores.max(initial=-np.inf) - rules.fitting
    chosen: list[tuple[int, float]] = []
    room = budget
    while len(chosen) < limit and np.isfinite(left).any():
        row = _next(left, fits, candidates, [other for other, _ in chosen], rules)
        score = float(left[row])
        chosen.append((row, min(score, chosen[-1][1]) if chosen else score))
        _answer(left, row, candidates, rules)
        left[overlaps.copies_of(row)] = -np.inf
        left[row] = -np.inf
        if room is not None:
            room -= int(candidates.lengths[row])
            left[candidates.lengths > room] = -np.inf
    return chosen


def _next(left: Floats, fits: Mask, candidates: Candidates, taken: list[int], rules: Rules) -> int:
    """The best candidate that is left and fits, and that both rules welcome; else one that the works welcome, as where
    a whole corpus is by one author; else the best.
    """
    if not rules.early_works and rules.most_per_author >= 1.0:
        return int(np.argmax(left))
    by_work = fits & ~_of_unwelcome_works(candidates, taken, rules)
    by_author = by_work & ~_of_unwelcome_authors(candidates, taken, rules)
    for welcome in (by_author, by_work):
        among = np.where(welcome, left, -np.inf)
        row = int(np.argmax(among))
        if np.isfinite(among[row]):
            return row
    return int(np.argmax(left))


def _of_unwelcome_works(candidates: Candidates, taken: list[int], rules: Rules) -> Mask:
    """Those of works that would take up the room of others that are due among the first fragments."""
    works = candidates.works[taken]
    due = rules.early_works - len(set(works.tolist()))
    if 0 < due >= EARLY - len(taken):
        return np.isin(candidates.works, works)
    return np.zeros(len(candidates), dtype=bool)


def _of_unwelcome_authors(candidates: Candidates, taken: list[int], rules: Rules) -> Mask:
    """Those of authors that have their share already."""
    share = max(2, round(rules.most_per_author * (len(taken) + 1)))  # two fragments are everybody's
    counts: Integers = np.bincount(candidates.authors[taken], minlength=len(candidates) + 1)
    counts[0] = 0  # an unknown author is nobody
    return (counts >= share)[candidates.authors]


def _answer(left: Floats, row: int, candidates: Candidates, rules: Rules) -> None:
    """Moves the scores of what is left, now that `row` is chosen."""
    if rules.beside:
        left[candidates.beside(row)] += rules.beside
    if rules.again:
        left[candidates.works == candidates.works[row]] -= rules.again
