"""Candidates: the fragments that the stages score, and what the stages say of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dream.retrieval.lexical import Matches
from dream.store.library.indexes import Place

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """Live fragments of a corpus; every array that a stage gives has their order."""

    places: list[Place]
    matches: Matches

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def keys(self) -> Integers:
        return np.array([place.key for place in self.places], dtype=np.int64)

    @cached_property
    def lexicons(self) -> Integers:
        return np.array([place.lexicon for place in self.places], dtype=np.int64)

    @cached_property
    def lengths(self) -> Integers:
        """Characters of each."""
        return np.array([place.length for place in self.places], dtype=np.int64)

    @cached_property
    def authors(self) -> Integers:
        """Whose each is, as numbers from 1; 0 for an unknown author."""
        numbers = {"": 0}
        return np.array([numbers.setdefault(place.author, len(numbers)) for place in self.places], dtype=np.int64)

    @cached_property
    def works(self) -> Integers:
        """Which work each belongs to, as numbers from 0."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(place.work_id, len(numbers)) for place in self.places], dtype=np.int64)

    @cached_property
    def positions(self) -> Integers:
        """Where each stands in its work, from 0."""
        return np.array([place.position for place in self.places], dtype=np.int64)

    @cached_property
    def neighbours(self) -> tuple[Integers, Integers]:
        """The pairs of candidates that follow each other in a work: the first ones' rows, and the second ones'."""
        order = np.lexsort((self.positions, self.works))
        follow = (np.diff(self.works[order]) == 0) & (np.diff(self.positions[order]) == 1)
        return order[:-1][follow], order[1:][follow]

    @cached_property
    def stretches(self) -> Integers:
        """Which stretch of a work each is in, as numbers; those that follow each other there and here share one."""
        follows = (np.diff(self.works, prepend=-1) == 0) & (np.diff(self.positions, prepend=-1) == 1)
        return np.cumsum(~follows)

    def beside(self, row: int) -> Integers:
        """The rows of the fragments right before and after a candidate in its work."""
        before, after = self.neighbours
        return np.concatenate([before[after == row], after[before == row]])

    def around(self, scores: Floats) -> Floats:
        """For each, the scores of the fragments right before and after it in its work, added."""
        before, after = self.neighbours
        total = np.zeros(len(scores))
        total[before] += scores[after]
        total[after] += scores[before]
        return total

    def best_of_work(self, scores: Floats) -> Floats:
        """For each, the highest score among the candidates of its work."""
        best = np.full(int(self.works.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(best, self.works, scores)
        found: Floats = best[self.works]
        return found
