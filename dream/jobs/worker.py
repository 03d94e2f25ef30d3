"""The worker: reads one job after another, and says all the while that it is alive."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import OperationalError

from dream.corpus.ingest import LAPSED_SECONDS, Ingest
from dream.errors import NoRoom, VectorsUnreachable
from dream.store.ids import new_id
from dream.store.library import Library

BEAT_SECONDS = 5.0
LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Worker:
    """`name` is what its jobs know it by. Any number of workers, in any number of processes, share the jobs.

    `catches_up`: it also reads works that stand by their words alone, as after `dream setup --later`; jobs come first.
    """

    def __init__(self, library: Library, ingest: Ingest, name: str = "", *, catches_up: bool = False) -> None:
        self.name = name or new_id()
        self._behind = catches_up
        self._library = library
        self._ingest = ingest
        self._ended = threading.Event()

    def run(self, idle_seconds: float | None = None) -> None:
        """Works until `stop`, or until nothing has waited for so long. What is being read then waits for another."""
        pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)
        pulse.start()
        try:
            idle_since = time.monotonic()
            while not self._ingest.stopping.is_set():
                if self._worked():
                    idle_since = time.monotonic()
                elif idle_seconds is not None and time.monotonic() - idle_since >= idle_seconds:
                    return
                else:
                    self._ingest.stopping.wait(LOOK_SECONDS)
        finally:
            self._ended.set()
            pulse.join()

    def stop(self) -> None:
        """Lets go at the next step."""
        self._ingest.stopping.set()

    def _worked(self) -> bool:
        """Whether there was something to do. A database that is busy is asked again later."""
        try:
            self._library.jobs.put_back_lost(silent_since=time.time() - LAPSED_SECONDS)
            return self._ingest.work(self.name) is not None or self._caught_up()
        except (OperationalError, NoRoom) as error:
            logger.warning("the database did not answer: %s", error)
            return False
        except VectorsUnreachable as error:
            logger.warning("the vector store did not answer: %s", error)
            return False

    def _caught_up(self) -> bool:
        """Whether one more work was read for its meaning; once there is none, nobody is asked again."""
        self._behind = self._behind and next(self._ingest.indexing.embed_missing(), None) is not None
        return self._behind

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._library.jobs.beat(self.name)
            except (OperationalError, NoRoom) as error:
                logger.warning("the database did not answer: %s", error)
