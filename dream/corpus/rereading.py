"""Rereading: every live work is read by another embedding model, beside the vectors that searches use meanwhile."""

from __future__ import annotations

from collections.abc import Generator

from dream.actor import OPERATOR
from dream.corpus.indexing import Indexing
from dream.errors import ReindexFailed
from dream.retrieval.model import Model, Models
from dream.retrieval.placement import Placement
from dream.store.library import Library
from dream.store.library.works import Shelf


class Rereading:
    def __init__(self, library: Library, vectors: Placement, models: Models, indexing: Indexing) -> None:
        self._library = library
        self._vectors = vectors
        self._models = models
        self._indexing = indexing

    def by(self, name: str) -> Generator[tuple[int, int], None, None]:
        """Reads what this model has not read yet, makes it the current one once all is counted, and removes what the
        others made; yields (done, of) after each work.

        Where it breaks off, the current model stays, and what was read by the new one is kept for the next attempt.
        Raises SetupFailed where the model is not exported, ReindexFailed where the counts differ.
        """
        with self._indexing.one_at_a_time:
            fresh = self._models.named(name)
            done = 0
            while not self._switched(fresh):
                waiting = self._library.indexes.unread_by(name)
                for left, (corpus_id, version_id) in zip(range(len(waiting), 0, -1), waiting, strict=True):
                    for _ in self._indexing.embed(fresh, corpus_id, self._library.fragments.keyed(version_id)):
                        pass
                    done += 1
                    yield done, done + left - 1
            self._indexing.keep_only(fresh)

    def _switched(self, fresh: Model) -> bool:
        """Makes the new model the current one if it has read everything by now."""
        if self._library.indexes.unread_by(fresh.name):
            return False
        for shelf in self._library.corpora.shelves(OPERATOR):
            self._indexing.drop_strays(fresh, shelf.id)
            self._count(fresh, shelf)
        return self._models.switch(fresh)  # not where a work has come meanwhile

    def _count(self, fresh: Model, shelf: Shelf) -> None:
        """Compares the new vectors with the live fragments. Where some are gone, all are made anew next time."""
        stored = self._vectors.of(fresh.name).ids(shelf.id)
        live = self._library.fragments.live_ids(shelf.id)
        if live <= stored or self._library.indexes.unread_by(fresh.name):
            return
        self._library.indexes.forget_model(fresh.name)
        raise ReindexFailed(
            f"Searches and stories go on with {self._models.name}: of {shelf.name}, {fresh.name} has "
            f"{len(live & stored)} of {len(live)} fragments. Please run it again; it begins anew."
        )
