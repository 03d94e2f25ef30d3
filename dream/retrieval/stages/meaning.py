"""Meaning: cosines of the question with the fragment, with its best window, and with the best of both in its work."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.meanings import Meanings
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing


class Meaning:
    name: ClassVar[str] = "meaning"
    columns: ClassVar[tuple[str, ...]] = ("meaning", "meaning_window", "work_meaning", "work_meaning_window")

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings

    def score(self, question: Question, candidates: Candidates) -> Floats:
        if question.vector is None:
            raise StageMissing
        found = self._meanings.of(candidates.keys)
        whole = (found.pooled @ question.vector).astype(np.float64)
        best = np.full(len(candidates), -1.0)
        np.maximum.at(best, found.window_owners, found.windows @ question.vector)
        best = np.where(best > -1.0, best, whole)
        return np.column_stack([whole, best, candidates.best_of_work(whole), candidates.best_of_work(best)])
