"""Late interaction: each of the question's tokens finds the token of a fragment that is nearest to it.

Khattab and Zaharia's MaxSim over the embedding model's own token vectors, reduced and in four bits: their mean, their
mean by the words' weights, the same within the best window, and within all candidates of the fragment's work. Then
around the fragment's best place (`late_around`, by the roots of the weights): what answers a question stands close
together, but across cuts, so a token counts less the farther off it is. Names say which work is meant, and what is not
a name says which of its fragments (`late_plain`, around too); what a question comes to stands at its end (`late_last`,
around too). The best of its work that some of them have says which work fits.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats, Integers
from dream.retrieval.meanings import COVERED, Meanings
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing

LAST_TERMS = 2

FADES = 0.93
"""What a token is worth in the window after or before its own; a fragment has about four windows."""


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
        if found.told < COVERED:
            raise StageMissing
        if not len(question.tokens) or not len(found.tokens):
            return np.zeros((len(candidates), len(self.columns)))
        weights = candidates.matches.weights[question.token_terms]
        roots = np.sqrt(weights) / np.sqrt(weights).sum()
        weights = weights / weights.sum()
        near = self._meanings.space.near(question.tokens, found.tokens)
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
        there = faded(windows, candidates.stretches[owners])

        def at_best_place(shares: Floats) -> Floats:
            found = np.zeros(len(candidates))
            np.maximum.at(found, owners, shares @ there)
            return found

        weighted, whole = weights @ best, at_best_place(roots)
        plain, ending = at_best_place(roots * ~named), at_best_place(roots * last)
        of_works = [candidates.best_of_work(column) for column in ((roots * named) @ best, weighted, within, whole)]
        return np.column_stack([best.mean(axis=0), weighted, within, in_work, whole, plain, ending, *of_works])


def faded(windows: Floats, stretches: Integers) -> Floats:
    """For each token and window, the nearest token in the window or around it, which fades with the distance.

    Both ways at once, and in steps of one, two and four windows: as far as seven.
    """
    found = windows.copy()
    for step in (1, 2, 4):
        joined = np.where(stretches[step:] == stretches[:-step], FADES**step, 0.0)
        before, after = found[:, :-step] * joined, found[:, step:] * joined
        np.maximum(found[:, step:], before, out=found[:, step:])
        np.maximum(found[:, :-step], after, out=found[:, :-step])
    return found
