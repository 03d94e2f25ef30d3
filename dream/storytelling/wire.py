"""Wire: the connection under one answer, as something that any thread can cut."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock


class Wire:
    """Holds duplicates of a connection's socket, so that the connection can be shut whoever is reading from it.

    Closing a socket does not wake a read that waits on it; shutting it down does, during a TLS handshake too. A
    duplicate of our own cannot come to name another connection when the transport closes its one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: list[socket.socket] = []
        self._cut = False

    def hold(self, connected: socket.socket) -> None:
        """Takes a connection under this wire; a wire that was cut cuts it at once."""
        with self._lock:
            self._held.append(connected.dup())
            if self._cut:
                self._drop()

    def cut(self) -> None:
        """Ends the connection, and every later one. Idempotent."""
        with self._lock:
            self._cut = True
            self._drop()

    def _drop(self) -> None:
        while self._held:
            with self._held.pop() as held, suppress(OSError):  # the other side may have been quicker
                held.shutdown(socket.SHUT_RDWR)
