"""The nearest vectors by looking at each.

Chroma's graph is made anew whenever it is opened, and finds about 96 of 100 of them, never quite the same ones. Weights
that are fitted by these are the same every time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dream.retrieval.vectors import Vectors, VectorStore, VectorStores


class ExactStores(VectorStores):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.everything: dict[str, tuple[list[str], Vectors]] = {}

    def of(self, model: str) -> VectorStore:
        return _Exact(self, model)


class _Exact(VectorStore):
    def __init__(self, stores: ExactStores, model: str) -> None:
        super().__init__(stores, model)
        self._kept = stores.everything

    def query(self, corpus_id: str, vector: Vectors, limit: int) -> dict[str, float]:
        ids, vectors = self._everything(corpus_id)
        cosines = vectors @ vector
        return {ids[row]: float(cosines[row]) for row in np.argsort(-cosines, kind="stable")[:limit].tolist()}

    def _everything(self, corpus_id: str) -> tuple[list[str], Vectors]:
        if corpus_id not in self._kept:
            found = self._in(corpus_id, lambda it: it.get(include=["embeddings"]))
            order = np.argsort(found["ids"])
            vectors = np.asarray(found["embeddings"], dtype=np.float32)[order]
            self._kept[corpus_id] = [found["ids"][row] for row in order.tolist()], vectors
        return self._kept[corpus_id]
