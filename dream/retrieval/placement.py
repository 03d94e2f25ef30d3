"""Where a corpus keeps its vectors. A collection of the vector store costs 2.6 MiB and 4 file descriptors, whatever is
in it; so the few vectors of a small corpus are read from SQL, where its meanings stand anyway, and compared one by one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from dream.retrieval.token_space import unit
from dream.retrieval.vectors import BATCH, Vectors, VectorStore, VectorStores
from dream.store.library import Library

SCANNED_AT_MOST = 2000
"""Fragments, old versions' too, up to which an author's corpus has no collection."""


class Placement:
    """The vectors of every embedding model there are any of, as `VectorStores`, wherever they are."""

    def __init__(self, library: Library, stores: VectorStores) -> None:
        self._library = library
        self._stores = stores
        self._moving = threading.Lock()

    def of(self, model: str) -> PlacedVectors:
        return PlacedVectors(self, self._library, self._stores.of(model), model)

    def open(self) -> None:
        self._stores.open()

    def close(self) -> None:
        self._stores.close()

    def is_sound(self) -> bool:
        return self._stores.is_sound()

    def discard(self) -> None:
        self._stores.discard()

    def keep_only(self, model: str) -> None:
        """Removes the vectors of every other model."""
        self._stores.keep_only(model)

    def make_room(self, corpus_id: str) -> bool:
        """Whether a corpus is still scanned; one that has grown out of it gets its collections now, for every model
        that has read it.
        """
        indexes = self._library.indexes
        if not indexes.is_scanned(corpus_id):
            return False
        if indexes.size(corpus_id) <= SCANNED_AT_MOST:
            return True
        with self._moving:
            if indexes.is_scanned(corpus_id):
                for model in indexes.models_of(corpus_id):
                    ids, vectors = pooled(self._library, model, corpus_id)
                    for start in range(0, len(ids), BATCH):
                        end = start + BATCH
                        self._stores.of(model).upsert(corpus_id, ids[start:end], vectors[start:end])
                self._library.corpora.collect(corpus_id)
        return False


class PlacedVectors:
    """Those of one model, by corpus; see dream.retrieval.vectors.VectorStore."""

    def __init__(self, placement: Placement, library: Library, store: VectorStore, model: str) -> None:
        self._placement = placement
        self._library = library
        self._store = store
        self._model = model

    def upsert(self, corpus_id: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Writes vectors; those of a scanned corpus are written with its meanings, and nothing is to do here."""
        if not self._placement.make_room(corpus_id):
            self._store.upsert(corpus_id, ids, vectors)

    def query(self, corpus_id: str, vector: Vectors, limit: int) -> dict[str, float]:
        """The ids nearest to a vector with their cosine, nearest first."""
        if not self._is_scanned(corpus_id):
            return self._store.query(corpus_id, vector, limit)
        ids, vectors = pooled(self._library, self._model, corpus_id)
        if not ids:
            return {}
        cosines = vectors @ vector
        nearest = np.argsort(-cosines, kind="stable")[:limit].tolist()
        return {ids[place]: float(cosines[place]) for place in nearest}

    def count(self, corpus_id: str, ids: Sequence[str]) -> int:
        """How many of these ids have a vector."""
        if not self._is_scanned(corpus_id):
            return self._store.count(corpus_id, ids)
        return len(self.ids(corpus_id) & set(ids))

    def ids(self, corpus_id: str) -> set[str]:
        """Every id that has a vector in this corpus."""
        if not self._is_scanned(corpus_id):
            return self._store.ids(corpus_id)
        return self._library.indexes.ids_with_meanings(self._model, corpus_id)

    def delete(self, corpus_id: str, ids: Sequence[str]) -> None:
        """Removes vectors; those of a scanned corpus have gone with its meanings."""
        if not self._is_scanned(corpus_id):
            self._store.delete(corpus_id, ids)

    def drop(self, corpus_id: str) -> None:
        """Removes all vectors of a corpus."""
        if not self._is_scanned(corpus_id):
            self._store.drop(corpus_id)

    def _is_scanned(self, corpus_id: str) -> bool:
        return self._library.indexes.is_scanned(corpus_id)


def pooled(library: Library, model: str, corpus_id: str) -> tuple[list[str], Vectors]:
    """The ids of a corpus's fragments and their vectors (n, dimensions) of unit length, from their meanings."""
    rows = library.indexes.pooled(model, corpus_id)
    if not rows:
        return [], np.zeros((0, 0), dtype=np.float32)
    vectors = np.frombuffer(b"".join(blob for _, blob in rows), dtype=np.int8).reshape(len(rows), -1)
    return [id_ for id_, _ in rows], unit(vectors.astype(np.float32))
