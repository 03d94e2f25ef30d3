"""Late interaction: each of the question's tokens finds the token of a fragment that is nearest to it.

Khattab and Zaharia's MaxSim over the embedding model's own token vectors, reduced and in int8: their mean, their mean
by the words' weights, the same within the best window, and within all candidates of the fragment's work.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.meanings import Meanings
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing
from dream.retrieval.token_space import SCALE


class Late:
    name: ClassVar[str] = "late"
    columns: ClassVar[tuple[str, ...]] = ("late", "late_weighted", "late_window", "late_work")

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings

    def score(self, question: Question, candidates: Candidates) -> Floats:
        if question.tokens is None:
            raise StageMissing
        found = self._meanings.of(candidates.keys)
        if not len(question.tokens) or not len(found.tokens):
            return np.zeros((len(candidates), len(self.columns)))
        weights = candidates.matches.weights[question.token_terms]
        weights = weights / weights.sum()
        near = (question.tokens / np.float32(SCALE)) @ found.tokens.T
        windows = np.maximum.reduceat(near, found.token_starts, axis=1)
        owners = found.token_owners
        changes = np.flatnonzero(np.diff(owners, prepend=-1))
        best = np.zeros((len(near), len(candidates)))
        best[:, owners[changes]] = np.maximum.reduceat(windows, changes, axis=1)
        within = np.zeros(len(candidates))
        np.maximum.at(within, owners, weights @ windows)
        works = np.zeros((int(candidates.works.max()) + 1, len(near)))
        np.maximum.at(works, candidates.works, best.T)
        return np.column_stack([best.mean(axis=0), weights @ best, within, (works @ weights)[candidates.works]])
