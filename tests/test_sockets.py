"""Sockets that never wait, and never let go of the interpreter."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dream.sockets import MOST, receive, send


@contextmanager
def switching_every(seconds: float) -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_what_is_sent_is_received() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            assert send(ours, "a bell \0 하나".encode()) == 15
            assert receive(theirs) == "a bell \0 하나".encode()
            with pytest.raises(BlockingIOError):
                receive(theirs)
        assert receive(theirs) == b""
        with pytest.raises(BrokenPipeError):
            send(theirs, b"is anybody there?")


def test_what_has_no_room_is_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sent = 0
        with pytest.raises(BlockingIOError):  # noqa: PT012 - how often it goes out depends on the system
            while True:
                sent += send(ours, b"x" * MOST)
        received = 0
        while received < sent:
            received += len(receive(theirs))
        assert received == sent


def test_a_closed_socket_is_said_to_be() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(OSError, match="Bad file descriptor"):
        send(ours, b"a bell")


def test_another_thread_does_not_get_its_turn_between() -> None:
    ours, theirs = socket.socketpair()
    waiting, called, came = threading.Event(), threading.Event(), threading.Event()

    def other() -> None:
        waiting.set()
        called.wait()
        came.set()

    thread = threading.Thread(target=other)
    thread.start()
    waiting.wait()
    with ours, theirs, switching_every(60):
        called.set()
        for _ in range(20_000):
            send(ours, b"a bell")
            receive(theirs)
        interrupted = came.is_set()
    thread.join()
    assert not interrupted
