"""Background work beside a process that serves: a child that reads is begun when something waits, and begun again where
it dies.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from pydantic import SecretStr

from dream.corpus.indexing import Stores
from dream.corpus.ingest import LAPSED_SECONDS, Ingest
from dream.jobs.pipe import answer
from dream.jobs.worker import Worker
from dream.settings import Settings, variable
from dream.store.ids import new_id
from dream.store.library import Library

LOOK_SECONDS = 2.0
LONGEST_PAUSE = 60.0
END_SECONDS = 15.0

logger = logging.getLogger(__name__)


class Background:
    """Sees to it that what waits is read. `alone` says that no other process works on this data folder."""

    def __init__(
        self, settings: Settings, library: Library, ingest: Ingest, stores: Stores, *, alone: bool = True
    ) -> None:
        self._settings = settings
        self._library = library
        self._ingest = ingest
        self._stores = stores
        self._alone = alone
        self._wanted = threading.Event()
        self._closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """From now on a child reads what waits. What a dead process was reading waits again at once."""
        self._thread = threading.Thread(target=self._supervise, name="background", daemon=True)
        self._thread.start()

    @property
    def reader(self) -> int | None:
        """The process id of the child, None while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def nudge(self) -> None:
        """Says that something waits now."""
        self._wanted.set()

    def close(self) -> None:
        """Ends the child; what it was reading waits for the next."""
        self._closed = True
        self._wanted.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        if self._thread is not None:
            self._thread.join(END_SECONDS + 5)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While the block runs somebody reads what waits: the child where there is one to be had, else a thread."""
        if self._thread is not None:
            self.nudge()
            yield
            return
        if self._alone:
            self._library.jobs.put_back_lost()
        worker = Worker(self._library, self._ingest)
        thread = threading.Thread(target=worker.run, name="reading", daemon=True)
        thread.start()
        try:
            yield
        finally:
            worker.stop()
            thread.join()
            self._ingest.stopping.clear()

    def work_here(self, say: Callable[[str], None]) -> None:
        """Reads in this process, until SIGINT or SIGTERM."""
        worker = Worker(self._library, self._ingest, catches_up=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if self._alone:
            self._library.jobs.put_back_lost()
        say("dream reads what authors bring. Ctrl-C ends it; what is being read then waits.")
        worker.run()
        say("dream has stopped reading. What waits is kept.")

    def _supervise(self) -> None:
        pause = 0.0
        while not self._closed:
            try:
                if self._alone:
                    self._library.jobs.put_back_lost()
                else:
                    self._library.jobs.put_back_lost(silent_since=time.time() - LAPSED_SECONDS)
                self._ingest.indexing.tidy()
                if self._library.jobs.active():
                    began = time.monotonic()
                    well = self._run_child()
                    pause = (
                        0.0 if well or time.monotonic() - began > LONGEST_PAUSE else min(2 * pause + 1, LONGEST_PAUSE)
                    )
            except Exception:  # locked, full, damaged: whatever it is, it may be over the next time
                logger.exception("what waits cannot be read just now")
                pause = min(2 * pause + 1, LONGEST_PAUSE)
            self._wanted.wait(pause or LOOK_SECONDS)
            self._wanted.clear()

    def _run_child(self) -> bool:
        """Runs a child to its end, answering what it asks for; whether it ended well."""
        name = new_id()
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "dream", "jobs", "--pipe", str(theirs.fileno()), "--name", name],
                    pass_fds=[theirs.fileno()], env=environment(self._settings), stdin=subprocess.DEVNULL,
                )  # fmt: skip
            with Connection(os.dup(ours.fileno())) as pipe:
                answer(pipe, self._stores)
        try:
            status = self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        if status and not self._closed:
            logger.error("the process that reads works ended with status %s; another takes its place", status)
        self._library.jobs.put_back_lost(worker=name)
        return status == 0


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child with the same settings and no secrets: it parses what strangers wrote."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DREAM_", "OPENAI_"))}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is not None and not isinstance(value, SecretStr):
            kept[variable(name)] = str(value)
    return kept
