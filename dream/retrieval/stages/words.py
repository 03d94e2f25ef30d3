"""Words: BM25 of the fragment, among the fragments of its work, of its whole work, and of what stands around it; and
where in its work it stands, since questions ask for what is told first more than for what is told last.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing


class Words:
    name: ClassVar[str] = "words"
    columns: ClassVar[tuple[str, ...]] = ("words", "words_local", "words_work", "words_around", "work_words", "place")

    def score(self, question: Question, candidates: Candidates) -> Floats:  # noqa: ARG002 - a stage's signature
        if not candidates.lexicons.any():
            raise StageMissing
        found = candidates.matches.columns(candidates.keys, candidates.lexicons)
        passage = found[:, 0]
        around, of_work = candidates.around(passage), candidates.best_of_work(passage)
        return np.column_stack([found, around, of_work, candidates.positions])
