"""Turns: who of a process's writers is next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Handed from one to the next, in the order of coming. A lock would go to whoever happens to be awake, and one that
    takes it often would shut the others out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, seconds: float, *, first: bool) -> Iterator[bool]:
        """Waits for a turn, `first` before all who wait as well; False where none came in time."""
        mine = self._take(seconds, first=first)
        try:
            yield mine
        finally:
            if mine:
                self._hand_on()

    def _take(self, seconds: float, *, first: bool) -> bool:
        called = threading.Event()
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            if first:
                self._waiting.appendleft(called)
            else:
                self._waiting.append(called)
        called.wait(seconds)
        with self._lock:
            if not called.is_set():
                self._waiting.remove(called)
            return called.is_set()

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
