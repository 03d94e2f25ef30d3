"""Sockets that are read and written without waiting, and without letting go of the interpreter.

Python's own calls let go of it each time, and where other threads compute, each is half a millisecond or more until it
is theirs again: for hundreds of streams in a round that is many times what the calls themselves take.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading

MOST = 1 << 16
"""Bytes that are received at once."""

_system = ctypes.PyDLL(None, use_errno=True)
_send, _recv = _system.send, _system.recv
for _call in (_send, _recv):
    _call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    _call.restype = ctypes.c_ssize_t
_send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)


class _Received(threading.local):
    """Where a thread's bytes arrive."""

    def __init__(self) -> None:
        self.bytes = ctypes.create_string_buffer(MOST)


_received = _Received()


def send(connection: socket.socket, data: bytes) -> int:
    """How many of the bytes went out. Raises OSError, BlockingIOError where there is no room."""
    return _checked(_send(connection.fileno(), data, len(data), socket.MSG_DONTWAIT))


def receive(connection: socket.socket) -> bytes:
    """What has come, b"" at the end. Raises OSError, BlockingIOError where nothing has."""
    room = _received.bytes
    return ctypes.string_at(room, _checked(_recv(connection.fileno(), room, MOST, socket.MSG_DONTWAIT)))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
