"""Mending: when a search finds an index missing or damaged, all are made anew from SQL in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

from dream.corpus.indexing import Indexing
from dream.retrieval.placement import Placement

logger = logging.getLogger(__name__)


class Mending:
    """At most one rebuild at a time, and at most one for each stage that was named while this process runs: a store
    that stays broken after a rebuild is the operator's, and its log says so.
    """

    def __init__(self, indexing: Indexing, vectors: Placement) -> None:
        self._indexing = indexing
        self._vectors = vectors
        self._named: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self, stage: str) -> None:
        """Queues a rebuild because of this stage; returns at once."""
        with self._lock:
            if stage in self._named or self._closed.is_set():
                return
            self._named.add(stage)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._mend, name="mending", daemon=True)
                self._thread.start()

    def rebuild(self) -> Iterator[tuple[int, int]]:
        """Makes every index anew (see Indexing.reindex), in a new vector store where the old one cannot be read."""
        if not self._vectors.is_sound():
            self._vectors.discard()
        yield from self._indexing.reindex()

    def _needed(self) -> Iterator[tuple[int, int]]:
        """Where late interaction alone is missing, an upgrade may have left works to be read once more, and those are
        enough; for whatever else, all is made anew.
        """
        waited = False
        if self._named == {"late"}:
            for progress in self._indexing.embed_missing():
                waited = True
                yield progress
        if waited and self._named == {"late"}:
            self._named.clear()  # the next search says whether that was all
        else:
            yield from self.rebuild()

    def wait(self, seconds: float) -> bool:
        """Waits until nothing is being mended; False where it still is."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def close(self) -> None:
        """Stops after the work that is being indexed."""
        self._closed.set()
        self.wait(30)

    def _mend(self) -> None:
        logger.warning("an index is missing or damaged (%s): making it anew", ", ".join(sorted(self._named)))
        try:
            for _ in self._needed():
                if self._closed.is_set():
                    return
        except Exception:  # a thread has nobody else to tell
            logger.exception("the indexes could not be made anew; `dream reindex` tries it again")
        else:
            logger.warning("the indexes are whole again")
