"""Breaker: leaves a provider alone that has failed again and again, and looks after a while whether it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

FAILURES = 5
REST_SECONDS = 30.0

State = Literal["closed", "open", "probing"]


class Breaker:
    """Opens after 5 failures in a row; 30 seconds later one request may try, while all others are still refused.

    Whoever was admitted says once how it went. Safe to use from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        if self._opened_at is None:
            return "closed"
        return "probing" if self._probing else "open"

    def admit(self) -> bool:
        """Whether the provider may be asked now."""
        with self._lock:
            if self._opened_at is None:
                return True
            if self._probing or self._clock() - self._opened_at < REST_SECONDS:
                return False
            self._probing = True
            return True

    def answered(self) -> None:
        """The provider has begun to answer: it is back, whatever comes of the rest."""
        with self._lock:
            if self._opened_at is not None:
                self._close()

    def succeeded(self) -> None:
        with self._lock:
            self._close()

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._probing or self._failures >= FAILURES:
                self._opened_at = self._clock()
                self._probing = False

    def gave_up(self) -> None:
        """The request ended for a reason that says nothing of the provider, such as a reader's stop."""
        with self._lock:
            self._probing = False

    def _close(self) -> None:
        self._failures, self._opened_at, self._probing = 0, None, False
