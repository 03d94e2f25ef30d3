"""Windows: BM25 over windows of about 300 characters, of which a fragment has the best one's score, and a work its best
fragment's; and the pairs of words that stand beside each other in the question and in the fragment ("golden ball"),
stop words passed over. Where words are not told apart, terms overlap: pairs of them would count each word once more,
and say nothing.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.language.terms import is_word
from dream.retrieval.candidates import Candidates, Floats, Integers
from dream.retrieval.lexical import K1, B
from dream.retrieval.postings import Hashes, hashes, stretches
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing
from dream.store.library import Library


class Windows:
    name: ClassVar[str] = "windows"
    columns: ClassVar[tuple[str, ...]] = ("words_window", "words_pairs", "work_words_window")

    def __init__(self, library: Library) -> None:
        self._library = library

    def score(self, question: Question, candidates: Candidates) -> Floats:
        """Only the candidates' windows are looked at, so the cost does not grow with the corpus."""
        rows = self._library.indexes.readings(candidates.keys.tolist())
        if not rows:
            raise StageMissing
        read = [rows.get(key, (b"", b"")) for key in candidates.keys.tolist()]
        sizes = [len(terms) // 4 for terms, _ in read]
        owners, starts, lengths = stretches([ends for _, ends in read], sizes)
        best = np.zeros(len(candidates))
        if not len(starts) or not question.terms:
            return np.column_stack([best, best, best])
        held = _places(question, np.frombuffer(b"".join(terms for terms, _ in read), dtype="<u4"))
        weights = candidates.matches.weights
        np.maximum.at(best, owners, _bm25(held, weights, starts, lengths))
        fragments = np.repeat(np.arange(len(candidates)), sizes)
        words = np.where([is_word(term) for term in question.terms], weights, 0.0)
        pairs = _pairs(held, words, fragments, len(candidates))
        return np.column_stack([best, pairs, candidates.best_of_work(best)])


def _places(question: Question, held: Hashes) -> Integers:
    """For each term that is held, its place among the question's, -1 for one that is not there."""
    asked = hashes(question.terms)
    order = np.argsort(asked)
    near = order[np.minimum(np.searchsorted(asked, held, sorter=order), len(asked) - 1)]
    return np.where(asked[near] == held, near, -1)


def _bm25(held: Integers, weights: Floats, starts: Integers, lengths: Integers) -> Floats:
    """The score of each window; it begins at its start among all the terms that are held."""
    total = np.zeros(len(starts))
    norm = K1 * (1 - B + B * lengths / lengths.mean())
    found = np.flatnonzero(held >= 0)
    windows = np.searchsorted(starts, found, side="right") - 1
    counts = np.bincount(held[found] * len(starts) + windows, minlength=len(weights) * len(starts))
    for weight, count in zip(weights, counts.reshape(len(weights), -1), strict=True):
        total += weight * count * (K1 + 1) / (count + norm)
    return total


def _pairs(held: Integers, weights: Floats, owners: Integers, count: int) -> Floats:
    """For each fragment how many of the question's pairs it holds, by the lesser weight of the two, as a logarithm."""
    first, second = held[:-1], held[1:]
    found = np.flatnonzero((first >= 0) & (second == first + 1) & (owners[:-1] == owners[1:]))
    lesser = np.minimum(weights[first[found]], weights[second[found]])
    total: Floats = np.log1p(np.bincount(owners[1:][found], lesser, count))
    return total
