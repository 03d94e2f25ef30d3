"""Windows: BM25 over windows of about 300 characters; a fragment has the score of its best one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.lexical import K1, B
from dream.retrieval.postings import hashes
from dream.retrieval.question import Question
from dream.retrieval.stages import StageMissing
from dream.store.library import Library


class Windows:
    name: ClassVar[str] = "windows"
    columns: ClassVar[tuple[str, ...]] = ("words_window",)

    def __init__(self, library: Library) -> None:
        self._library = library

    def score(self, question: Question, candidates: Candidates) -> Floats:
        """Only the candidates' windows are looked at, so the cost does not grow with the corpus."""
        rows = self._library.indexes.readings(candidates.keys.tolist())
        if not rows:
            raise StageMissing
        owners, starts, lengths, pieces, reached = [], [], [], [], 0
        for owner, key in enumerate(candidates.keys.tolist()):
            terms, ends = rows.get(key, (b"", b""))
            begin = 0
            for end in np.frombuffer(ends, dtype="<u2").tolist():
                if end > begin:
                    owners.append(owner)
                    starts.append(reached + begin)
                    lengths.append(end - begin)
                begin = end
            pieces.append(terms)
            reached += len(terms) // 4
        best = np.zeros(len(candidates))
        if starts:
            held = np.frombuffer(b"".join(pieces), dtype="<u4")
            np.maximum.at(best, owners, self._bm25(question, candidates, held, starts, np.array(lengths, dtype=float)))
        return best[:, None]

    @staticmethod
    def _bm25(
        question: Question, candidates: Candidates, held: np.typing.NDArray[np.uint32], starts: list[int],
        lengths: Floats,
    ) -> Floats:  # fmt: skip
        total = np.zeros(len(starts))
        norm = K1 * (1 - B + B * lengths / lengths.mean())
        for number, weight in zip(hashes(question.terms), candidates.matches.weights, strict=True):
            counts = np.add.reduceat(held == number, starts, dtype=np.float64)
            total += weight * counts * (K1 + 1) / (counts + norm)
        return total
