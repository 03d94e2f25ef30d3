"""Pump: one thread that reads all answers under way, in rounds.

Woken for every piece, a thread for each answer costs several times what is done with the piece.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dream.storytelling.storytellers import Finish

ROUND_SECONDS = 0.02


@dataclass(eq=False, slots=True)
class _Reading:
    connection: socket.socket
    turns: Iterator[Finish | None]
    over: threading.Event = field(default_factory=threading.Event)
    finish: Finish | None = None
    error: Exception | None = None

    def turn(self) -> bool:
        """Takes what has come; False where nothing more will."""
        try:
            self.finish = next(self.turns)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001  # raised again where it is waited for
            self.error = error
            return False
        return self.finish is None


class Pump:
    """`gathered` is called after a round in which something may have come. The thread lasts while anything is read."""

    def __init__(self, gathered: Callable[[], None]) -> None:
        self._gathered = gathered
        self._lock = threading.Lock()
        self._new: list[_Reading] = []
        self._running = False

    def read(self, connection: socket.socket, turns: Iterator[Finish | None]) -> Finish | None:
        """Takes a turn whenever the connection, which never blocks, has something; a turn is None until the last. Waits
        for that, None where there was none; raises what a turn raised.
        """
        reading = _Reading(connection, turns)
        with self._lock:
            if not self._running:
                threading.Thread(target=self._run, name="pump", daemon=True).start()
                self._running = True
            self._new.append(reading)
        reading.over.wait()
        if reading.error:
            raise reading.error
        return reading.finish

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            while True:
                began = time.monotonic()
                with self._lock:
                    new, self._new = self._new, []
                    if not new and not selector.get_map():
                        self._running = False
                        return
                for reading in new:
                    self._begin(selector, reading)
                ready = selector.select(ROUND_SECONDS)
                for key, _ in ready:
                    if not key.data.turn():
                        selector.unregister(key.fileobj)
                        key.data.over.set()
                if new or ready:
                    self._gathered()
                time.sleep(max(0.0, began + ROUND_SECONDS - time.monotonic()))

    def _begin(self, selector: selectors.BaseSelector, reading: _Reading) -> None:
        """Registers an answer, of which more may have been read than its first piece."""
        try:
            selector.register(reading.connection, selectors.EVENT_READ, reading)
        except (OSError, ValueError) as error:  # it was closed meanwhile
            reading.error = error
            reading.over.set()
            return
        if not reading.turn():
            selector.unregister(reading.connection)
            reading.over.set()
