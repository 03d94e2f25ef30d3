"""The vector store. The only file that knows Chroma.

A corpus has one collection per embedding model. It holds ids and vectors and nothing else: texts stay in SQL, where
they can be deleted.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 200
Vectors = NDArray[np.float32]


class VectorStore:
    """Vectors of one embedding model, by corpus. Owned by exactly one process; safe to use from any of its threads."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._suffix = hashlib.sha256(model.encode()).hexdigest()[:12]
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()
        self._opened: Client | None = None

    def open(self) -> None:
        """Opens the store, which takes a second or two the first time; whatever needs it opens it by itself."""
        self._client()

    def close(self) -> None:
        """Lets the store go; whatever needs it later opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None
            self._collections.clear()

    def upsert(self, corpus_id: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Writes vectors (n, dimensions) of unit length under their fragments' ids; writing twice changes nothing."""
        collection = self._collection(corpus_id)
        for start in range(0, len(ids), BATCH):
            end = start + BATCH
            collection.upsert(ids=list(ids[start:end]), embeddings=vectors[start:end])

    def query(self, corpus_id: str, vector: Vectors, limit: int) -> dict[str, float]:
        """The ids nearest to a vector with their cosine, nearest first."""
        found = self._collection(corpus_id).query(
            query_embeddings=vector[None, :], n_results=limit, include=["distances"]
        )
        distances = found["distances"] or [[]]
        return {id_: 1.0 - float(distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True)}

    def cosines(self, corpus_id: str, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """The cosine of a vector with each of the given fragments; ids without a vector are left out."""
        if not ids:
            return {}
        found = self._collection(corpus_id).get(ids=list(ids), include=["embeddings"])
        stored = np.asarray(found["embeddings"], dtype=np.float32).reshape(len(found["ids"]), -1)
        return dict(zip(found["ids"], (stored @ vector).tolist(), strict=True)) if len(stored) else {}

    def count(self, corpus_id: str, ids: Sequence[str]) -> int:
        """How many of these ids have a vector."""
        return len(self._collection(corpus_id).get(ids=list(ids), include=[])["ids"]) if ids else 0

    def ids(self, corpus_id: str) -> set[str]:
        """Every id that has a vector in this corpus."""
        return set(self._collection(corpus_id).get(include=[])["ids"])

    def delete(self, corpus_id: str, ids: Sequence[str]) -> None:
        collection = self._collection(corpus_id)
        for start in range(0, len(ids), BATCH):
            collection.delete(ids=list(ids[start : start + BATCH]))

    def drop(self, corpus_id: str) -> None:
        """Removes all vectors of a corpus."""
        collection = self._collection(corpus_id)
        with self._lock:
            self._client_locked().delete_collection(collection.name)
            del self._collections[corpus_id]

    def _collection(self, corpus_id: str) -> Collection:
        with self._lock:
            if corpus_id not in self._collections:
                self._collections[corpus_id] = self._client_locked().get_or_create_collection(
                    f"{corpus_id}-{self._suffix}", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
                )
            return self._collections[corpus_id]

    def _client(self) -> Client:
        with self._lock:
            return self._client_locked()

    def _client_locked(self) -> Client:
        if self._opened is None:
            # Two and a half seconds to import, and a client made before a fork hangs in the child: never at import.
            import chromadb
            from chromadb.config import Settings

            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            settings: Any = Settings(anonymized_telemetry=False)
            self._opened = cast("Client", chromadb.PersistentClient(str(self._folder), settings=settings))
        return self._opened
