"""The index of words: BM25 over fragments, over whole works, and among the fragments of one work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream.retrieval.postings import ENTRY, term_key
from dream.store.library import Library

K1, B = 1.2, 0.75
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Matches:
    """What the words of a question are found in.

    `keys` are fragments in ascending order, with their score in the corpus and among the fragments of their work, and
    `owners`, the lexicons they belong to;
    `lexicons` are works' versions in ascending order, with their score as a whole. `weights` are the question's terms'
    weights: inverse document frequencies, lowered for words that questions use and answers do not.
    """

    keys: Integers
    passage: Floats
    local: Floats
    owners: Integers
    lexicons: Integers
    work: Floats
    weights: Floats

    @classmethod
    def none(cls, terms: int) -> Matches:
        """Matches of a question with so many terms that stand nowhere."""
        scores, keys = np.zeros(0), np.zeros(0, dtype=np.int64)
        return cls(keys, scores, scores, keys, keys, scores, np.ones(terms))

    def best(self, count: int, lexicons: Sequence[int] | None = None) -> list[int]:
        """The keys that both scores together put first, of the given lexicons where some are given."""
        total = self.passage + 0.4 * self.local
        order = np.argsort(-total, kind="stable")
        if lexicons is not None:
            order = order[np.isin(self.owners[order], lexicons)]
        return [int(key) for key in self.keys[order[:count]]]

    def columns(self, keys: Integers, lexicons: Integers) -> Floats:
        """The scores of given fragments: shape (fragments, 3) for corpus, work's own and whole work."""
        return np.stack(
            [
                _looked_up(self.keys, self.passage, keys),
                _looked_up(self.keys, self.local, keys),
                _looked_up(self.lexicons, self.work, lexicons),
            ],
            axis=1,
        )


class LexicalIndex:
    def __init__(self, library: Library, presence: dict[str, float]) -> None:
        """`presence` lowers the weight of words that seldom stand in what answers a question that has them."""
        self._library = library
        self._presence = presence

    def search(self, corpus_id: str, terms: tuple[str, ...]) -> Matches:
        """Scores every fragment and work that holds one of the terms."""
        shape = self._library.indexes.lexicons(corpus_id)
        numbers = {term_key(corpus_id, term): place for place, term in enumerate(terms)}
        rows = self._library.indexes.postings(list(numbers)) if len(shape) and numbers else []
        rows = [row for row in rows if row[2]]
        if not rows:
            return Matches.none(len(terms))
        term = np.array([numbers[row[0]] for row in rows])
        lexicon = np.searchsorted(shape[:, 0], np.array([row[1] for row in rows]))
        known = (lexicon < len(shape)) & (shape[np.minimum(lexicon, len(shape) - 1), 0] == [row[1] for row in rows])
        if not known.all():
            rows = [row for row, is_known in zip(rows, known, strict=True) if is_known]
            term, lexicon = term[known], lexicon[known]
        if not rows:
            return Matches.none(len(terms))
        return self._scored(terms, shape, term, lexicon, [row[2] for row in rows])

    def is_missing(self, corpus_id: str) -> bool:
        """Whether a corpus has works and the index nothing of them."""
        indexes = self._library.indexes
        return indexes.has_works(corpus_id) and not (len(indexes.lexicons(corpus_id)) and indexes.has_postings())

    def _scored(
        self, terms: tuple[str, ...], shape: Integers, term: Integers, lexicon: Integers, blobs: list[bytes]
    ) -> Matches:
        """Rows are (term, version); `shape` is (key, fragments, words) of every version."""
        sizes = np.array([len(blob) // ENTRY.itemsize for blob in blobs])
        entries = np.frombuffer(b"".join(blobs), dtype=ENTRY)
        fragments, words = shape[:, 1], shape[:, 2]
        total = max(int(fragments.sum()), 1)
        average = max(words.sum() / total, 1.0)
        within = np.bincount(term, sizes, len(terms))
        offsets = np.array([self._presence.get(word, 0.0) for word in terms])
        plain = _idf(total, within)
        weights = np.maximum(plain + offsets, 0.1)
        relative = weights / np.maximum(plain, 0.1)
        counts, lengths = entries["count"].astype(np.float64), entries["length"].astype(np.float64)
        saturated = counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths / average))
        local = _idf(fragments[lexicon], sizes) * relative[term]
        keys, inverse = np.unique(entries["key"], return_inverse=True)
        per_entry = np.repeat(term, sizes)
        passage = np.bincount(inverse, weights[per_entry] * saturated).astype(np.float64)
        among = np.bincount(inverse, np.repeat(local, sizes) * saturated).astype(np.float64)
        in_work = np.add.reduceat(counts, np.concatenate([[0], np.cumsum(sizes)[:-1]]))
        works = max(len(shape), 1)
        holding = np.bincount(term, minlength=len(terms))
        long = words[lexicon] / max(words.mean(), 1.0)
        part = _idf(works, holding)[term] * relative[term] * in_work * (K1 + 1) / (in_work + K1 * (1 - B + B * long))
        whole = np.bincount(lexicon, part, len(shape)).astype(np.float64)
        owners = np.zeros(len(keys), dtype=np.int64)
        owners[inverse] = np.repeat(shape[lexicon, 0], sizes)
        return Matches(keys.astype(np.int64), passage, among, owners, shape[:, 0], whole, weights)


def _idf(of: int | Integers, holding: Integers | Floats) -> Floats:
    found: Floats = np.log1p((of - holding + 0.5) / (holding + 0.5))
    return found


def _looked_up(keys: Integers, scores: Floats, wanted: Integers) -> Floats:
    """The score of each wanted key, 0 for one that is not there; `keys` ascend."""
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, scores[place], 0.0)
