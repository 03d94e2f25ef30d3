"""Selection: which of the ranked candidates are shown, and in which order.

Scores are logarithms of likelihoods, so what a rule costs is stated in them: 1.0 is a factor of 2.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream.retrieval.candidates import Candidates, Floats

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


SEARCH = Rules(beside=0.5)
STORY = Rules(again=1.0, most_per_author=0.5, early_works=3, fitting=16.0)
"""Chosen on the train premises: see docs/retrieval.md for what they cost."""


def select(
    candidates: Candidates,
    scores: Floats,
    terms: Mapping[int, frozenset[int]],
    rules: Rules,
    limit: int,
    budget: int | None,
) -> list[tuple[int, float]]:
    """(candidate, its score when it was chosen), in order: at most `limit` within `budget` characters.

    A score is never above the one before. Candidates with a score of -inf take no part; `terms` has those of the
    others. Whole fragments only: one that does not fit any more is passed over, but the first is always taken.
    """
    left = scores.astype(float).copy()
    lengths = np.array([place.length for place in candidates.places])
    chosen: list[tuple[int, float]] = []
    room = budget
    while len(chosen) < limit and np.isfinite(left).any():
        row = _next(left, scores, candidates, [other for other, _ in chosen], rules)
        score, left[row] = float(left[row]), -np.inf
        if any(_near(terms[row], terms[other]) for other, _ in chosen):
            continue
        chosen.append((row, min(score, chosen[-1][1]) if chosen else score))
        _answer(left, row, candidates, rules)
        if room is not None:
            room -= int(lengths[row])
            left[lengths > room] = -np.inf
    return chosen


def _next(left: Floats, scores: Floats, candidates: Candidates, chosen: list[int], rules: Rules) -> int:
    """The best candidate that is left and fits, and that both rules welcome; else one that the works welcome, as where
    a whole corpus is by one author; else the best.
    """
    floor = float(scores[np.isfinite(scores)].max()) - rules.fitting
    fitting = [
        row for row in np.argsort(-left, kind="stable").tolist() if np.isfinite(left[row]) and scores[row] >= floor
    ]
    due = [row for row in fitting if _work_welcome(candidates, row, chosen, rules)]
    welcome = (row for row in due if _author_welcome(candidates, row, chosen, rules))
    return int(next(welcome, due[0] if due else np.argmax(left)))


def _author_welcome(candidates: Candidates, row: int, chosen: list[int], rules: Rules) -> bool:
    """Whether a candidate's author may have another fragment."""
    author = candidates.places[row].author
    if not author or rules.most_per_author >= 1.0:  # an unknown author is nobody
        return True
    theirs = sum(candidates.places[other].author == author for other in chosen)
    return theirs < max(2, round(rules.most_per_author * (len(chosen) + 1)))  # two fragments are everybody's


def _work_welcome(candidates: Candidates, row: int, chosen: list[int], rules: Rules) -> bool:
    """Whether a candidate leaves room among the first fragments for the works that are due there."""
    works = {candidates.places[other].work_id for other in chosen}
    due = rules.early_works - len(works)
    return due <= 0 or candidates.places[row].work_id not in works or EARLY - len(chosen) > due


def _answer(left: Floats, row: int, candidates: Candidates, rules: Rules) -> None:
    """Moves the scores of what is left, now that `row` is chosen."""
    if rules.beside:
        left[list(candidates.neighbours[row])] += rules.beside
    if rules.again:
        same: NDArray[np.bool_] = candidates.works == candidates.works[row]
        left[same] -= rules.again


def _near(one: frozenset[int], other: frozenset[int]) -> bool:
    smaller = min(len(one), len(other))
    if smaller < LEAST_TERMS:
        return bool(one) and one == other
    return len(one & other) >= NEAR_COPY * smaller
