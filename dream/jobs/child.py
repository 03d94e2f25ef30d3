"""The process that reads: begun by the one that serves when something waits, and gone when nothing has for a while."""

from __future__ import annotations

import os
import select
import signal
import threading
from multiprocessing.connection import Connection

from dream.corpus.indexing import Indexing
from dream.corpus.ingest import Ingest
from dream.jobs.pipe import StoresOverPipe
from dream.jobs.worker import Worker
from dream.retrieval.model import Model, Models
from dream.settings import Settings
from dream.store.database import Database
from dream.store.files import Files
from dream.store.library import Library
from dream.store.notes import EMBEDDING_MODEL

IDLE_SECONDS = 20.0
NICENESS = 15
"""Readers come first: a story that is being told never waits for a work that is being read."""


def read_for_parent(settings: Settings, pipe: int, name: str) -> None:
    """Reads jobs and has their vectors written at the other end of `pipe`, until nothing waits or that end is gone."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, args=(pipe,), name="parent", daemon=True).start()
    database = Database(settings.database_path)
    library = Library(database)
    stores = StoresOverPipe(Connection(pipe))
    ingest = Ingest(library, Files(settings.home / "files"), Indexing(library, stores, _Current(settings, library)))
    worker = Worker(library, ingest, name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.run(IDLE_SECONDS)
    finally:
        database.close()


class _Current:
    """The model that the data is read by, as it is noted now: the process that serves may have changed it meanwhile."""

    def __init__(self, settings: Settings, library: Library) -> None:
        self._settings = settings
        self._library = library
        self._models = Models(settings, library, asked=False)

    def __call__(self) -> Model | None:
        if self._library.notes.get(EMBEDDING_MODEL) not in (None, self._models.name):
            self._models = Models(self._settings, self._library, asked=False)
        return self._models.current()


def _end_with_parent(pipe: int) -> None:
    """Ends this process when the other end of the pipe is gone: nobody would write its vectors any more."""
    poll = select.poll()
    poll.register(pipe, 0)  # asks for nothing but the hang-up, which always comes
    poll.poll()
    os._exit(0)
