"""Words: BM25 of the fragment, of its best window, among the fragments of its work, and of its whole work."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing


class Words:
    name: ClassVar[str] = "words"
    columns: ClassVar[tuple[str, ...]] = ("words", "words_local", "words_work", "words_around", "work_words")

    def score(self, question: Question, candidates: Candidates) -> Floats:  # noqa: ARG002 - a stage's signature
        if not candidates.lexicons.any():
            raise StageMissing
        found = candidates.matches.columns(candidates.keys, candidates.lexicons)
        passage = found[:, 0]
        around = np.array([passage[list(beside)].sum() for beside in candidates.neighbours])
        return np.column_stack([found, around, candidates.best_of_work(passage)])
