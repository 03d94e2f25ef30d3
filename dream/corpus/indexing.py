"""Indexing: what the fragments of works are found by, their words and vectors, made from SQL at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from dream.actor import OPERATOR
from dream.retrieval.meanings import packed
from dream.retrieval.model import Model
from dream.retrieval.postings import hashes, pack, read
from dream.retrieval.vectors import Vectors
from dream.store.fragment import Fragment
from dream.store.library import Library
from dream.store.library.indexes import Words

TOLD = 8
"""Fragments that are read by the model between two words of progress."""
WRITTEN = 64
"""Fragments whose vectors are written together, at most: each writing costs as much as several of them."""


class Written(Protocol):
    """What reading a work needs of a vector store; see dream.retrieval.vectors."""

    def upsert(self, corpus_id: str, ids: Sequence[str], vectors: Vectors) -> None: ...
    def count(self, corpus_id: str, ids: Sequence[str]) -> int: ...
    def delete(self, corpus_id: str, ids: Sequence[str]) -> None: ...
    def ids(self, corpus_id: str) -> set[str]: ...


class Stores(Protocol):
    """The vector stores of all models."""

    def of(self, model: str) -> Written: ...
    def keep_only(self, model: str) -> None: ...


class Incomplete(Exception):
    """Not every vector that was written could be read back."""


class Indexing:
    """`model` gives the embedding model, or None while there is none: works are then found by their words until their
    vectors are made.
    """

    def __init__(self, library: Library, vectors: Stores, model: Callable[[], Model | None]) -> None:
        self._library = library
        self._vectors = vectors
        self.model = model
        self.one_at_a_time = threading.Lock()  # two commands may ask for the same indexes at once

    def embed_missing(self) -> Iterator[tuple[int, int]]:
        """Indexes live works that have no vectors of this model, or no index at all; yields (done, of) after each."""
        with self.one_at_a_time:
            model, works = self.model(), self._library.works
            waiting = list(dict.fromkeys([*(works.unembedded(model.name) if model else []), *works.unindexed()]))
            for done, (corpus_id, version_id) in enumerate(waiting, 1):
                self.index(corpus_id, version_id)
                yield done, len(waiting)

    def reindex(self) -> Iterator[tuple[int, int]]:
        """Makes every index of every live work anew from the texts in SQL, and drops what belongs to none; yields
        (done, of).

        Searches go on meanwhile: entries are overwritten in place, under the same ids.
        """
        with self.one_at_a_time:
            works = self._library.works
            works.discard_staged()
            self._library.indexes.forget_dead()
            versions = works.live_versions()
            for done, (corpus_id, version_id) in enumerate(versions, 1):
                self.index(corpus_id, version_id)
                yield done, len(versions)
            if model := self.model():
                for shelf in self._library.corpora.shelves(OPERATOR):
                    self.drop_strays(model, shelf.id)
                self.keep_only(model)

    def drop_strays(self, model: Model, corpus_id: str) -> None:
        """Drops a model's vectors of what is neither live nor about to be."""
        fragments, vectors = self._library.fragments, self._vectors.of(model.name)
        stored = vectors.ids(corpus_id)  # first: what comes meanwhile is not dropped
        vectors.delete(corpus_id, sorted(stored - fragments.live_ids(corpus_id) - fragments.staged_ids(corpus_id)))

    def keep_only(self, model: Model) -> None:
        """Drops what every model but this one made of the works."""
        self._vectors.keep_only(model.name)
        self._library.indexes.keep_only(model.name)

    def index(self, corpus_id: str, version_id: str) -> None:
        """Makes all indexes of one live version; one that is withdrawn meanwhile is left out."""
        fragments = self._library.fragments.keyed(version_id)
        if not self._library.indexes.index_words(version_id, self.words(corpus_id, fragments)):
            return
        model = self.model()
        if model is not None:
            for _ in self.embed(model, corpus_id, fragments):
                pass
            self.verify(corpus_id, version_id, model.name)
        self._library.works.embedded(version_id, model.name if model else None)

    def words(self, corpus_id: str, fragments: dict[int, Fragment]) -> Words:
        """What the index of words holds of a version's fragments."""
        found = [read(fragment.text) for fragment in fragments.values()]
        return Words(
            postings=list(pack(corpus_id, list(zip(fragments, found, strict=True)))),
            readings=[
                (hashes(one.content).tobytes(), np.array(one.window_ends, dtype="<u2").tobytes()) for one in found
            ],
            words=sum(len(one.words) for one in found),
        )

    def embed(self, model: Model, corpus_id: str, fragments: dict[int, Fragment]) -> Iterator[int]:
        """Stores the vectors of fragments; yields how many are read after each few."""
        keyed = list(fragments.items())
        by_mean = model.embedder.pools_by_mean
        for start in range(0, len(keyed), WRITTEN):
            batch = keyed[start : start + WRITTEN]
            vectors, rows = [], []
            for done, (key, fragment) in enumerate(batch, start):
                if done > start and done % TOLD == 0:
                    yield done
                encoded = model.embedder.read(fragment.text)
                vectors.append(encoded.pooled)
                rows.append(packed(key, fragment.text, encoded, model.space, by_mean=by_mean))
            self._vectors.of(model.name).upsert(corpus_id, [one.id for _, one in batch], np.stack(vectors))
            self._library.indexes.store_meanings(model.name, rows)
            yield start + len(batch)

    def verify(self, corpus_id: str, version_id: str, embedding: str | None) -> None:
        """Reads back what was written. Raises Incomplete where some of it is not there, and forgets the rest, so that
        the next attempt makes all of it anew.
        """
        if embedding is None:
            return
        ids = [fragment.id for fragment in self._library.fragments.of(version_id)]
        written = self._vectors.of(embedding).count(corpus_id, ids)
        if written != len(ids):
            self._library.indexes.forget_meanings(version_id)
            raise Incomplete(f"only {written} of {len(ids)} vectors were stored")

    def tidy(self) -> None:
        """Removes what was never to go live, and from the vector store what is live no more."""
        works, model = self._library.works, self.model()
        works.discard_staged()
        fragments = self._library.fragments
        for number, corpus_id, ids in works.leftovers():
            wanted = fragments.live_ids(corpus_id) | fragments.staged_ids(corpus_id)
            if model:
                self._vectors.of(model.name).delete(corpus_id, [id_ for id_ in ids if id_ not in wanted])
            works.cleared(number)
