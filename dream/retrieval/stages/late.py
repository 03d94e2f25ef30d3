"""Late interaction: each of the question's tokens finds the token of a fragment that is nearest to it.

Khattab and Zaharia's MaxSim over the embedding model's own token vectors, reduced and in int8: their mean, their mean
by the words' weights, the same within the best window, within all candidates of the fragment's work, and within the
fragment and those right beside it (`late_around`, by the roots of the weights: what is told across a cut). Names say
which work is meant, and what is not a name says which of its fragments (`late_plain`); what a question comes to stands
at its end (`late_last`, around). The best of its work that some of them have says which work fits.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.meanings import Meanings
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing
from dream.retrieval.token_space import SCALE

LAST_TERMS = 2


class Late:
    name: ClassVar[str] = "late"
    columns: ClassVar[tuple[str, ...]] = (
        "late", "late_weighted", "late_window", "late_work", "late_around", "late_plain", "late_last",
        "work_late_names", "work_late_weighted", "work_late_window", "work_late_around",
    )  # fmt: skip

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings

    def score(self, question: Question, candidates: Candidates) -> Floats:
        if question.tokens is None:
            raise StageMissing
        found = self._meanings.of(candidates.keys)
        if not len(question.tokens) or not len(found.tokens):
            return np.zeros((len(candidates), len(self.columns)))
        weights = candidates.matches.weights[question.token_terms]
        roots = np.sqrt(weights) / np.sqrt(weights).sum()
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
        in_work = (works @ weights)[candidates.works]
        named = np.isin(question.token_terms, [n for n, term in enumerate(question.terms) if term in question.names])
        last = question.token_terms >= len(question.terms) - LAST_TERMS
        beside = around(best, candidates)
        weighted, whole = weights @ best, roots @ beside
        plain, ending = (roots * ~named) @ best, (roots * last) @ beside
        of_works = [candidates.best_of_work(column) for column in ((roots * named) @ best, weighted, within, whole)]
        return np.column_stack([best.mean(axis=0), weighted, within, in_work, whole, plain, ending, *of_works])


def around(best: Floats, candidates: Candidates) -> Floats:
    """For each token and fragment, the nearest token in the fragment or in a candidate right beside it."""
    before, after = candidates.neighbours
    found = best.copy()
    found[:, before] = np.maximum(found[:, before], best[:, after])
    found[:, after] = np.maximum(found[:, after], best[:, before])
    return found
