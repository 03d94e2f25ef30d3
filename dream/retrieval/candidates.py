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
    def works(self) -> Integers:
        """Which work each belongs to, as numbers from 0."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(place.work_id, len(numbers)) for place in self.places], dtype=np.int64)

    @cached_property
    def neighbours(self) -> list[tuple[int, ...]]:
        """For each, the places in this list of the fragments right before and after it in its work."""
        at = {(place.work_id, place.position): row for row, place in enumerate(self.places)}
        return [
            tuple(
                at[found]
                for found in ((place.work_id, place.position - 1), (place.work_id, place.position + 1))
                if found in at
            )
            for place in self.places
        ]

    def best_of_work(self, scores: Floats) -> Floats:
        """For each, the highest score among the candidates of its work."""
        best = np.full(int(self.works.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(best, self.works, scores)
        found: Floats = best[self.works]
        return found
