"""A line: a follower's connection, written to without its thread, so that whoever commits pieces can hand them on."""

from __future__ import annotations

import socket
from typing import NamedTuple

from dream.sockets import send

WAY_OUT = "dream.way_out"
"""Where the server says, by its name in the request's environment, how an answer leaves: see dream.serving."""


class WayOut(NamedTuple):
    """The socket of an answer whose head has been sent, and whether its body goes in chunks."""

    connection: socket.socket
    chunked: bool


class Line:
    """See Outlet. A follower that does not read costs nobody else any time: what does not go out at once is sent by its
    own thread.
    """

    def __init__(self, way_out: WayOut) -> None:
        self._connection, self._chunked = way_out
        self._rest = b""

    def push(self, frames: bytes) -> bool:
        data = b"%X\r\n%b\r\n" % (len(frames), frames) if self._chunked else frames
        try:
            sent = send(self._connection, data)
        except OSError:  # there is no room, or nobody: settling says which
            sent = 0
        self._rest = data[sent:]
        return not self._rest

    def settle(self) -> None:
        rest, self._rest = self._rest, b""
        if rest:
            self._connection.sendall(rest)
