"""A follower's line: what it is handed goes out whole and in order, and one who does not read holds up nobody."""

from __future__ import annotations

import socket
import threading

import pytest

from dream.store.channel import Event
from dream.web.line import Line, WayOut

EVENTS = [Event(number, "delta", "x" * 50_000) for number in range(1, 40)]


def frame(event: Event) -> str:
    return f"id: {event.number}\ndata: {event.data}\n\n"


def test_what_does_not_go_out_at_once_goes_out_by_settling() -> None:
    ours, theirs = socket.socketpair()
    line = Line(WayOut(ours, chunked=True), frame)
    pushed = next(count for count, event in enumerate(EVENTS, 1) if not line.push([event]))
    assert pushed < len(EVENTS)

    def settle() -> None:
        with ours:
            line.settle()

    settling = threading.Thread(target=settle)
    settling.start()
    with theirs, theirs.makefile("rb") as received:
        for event in EVENTS[:pushed]:
            size = int(received.readline(), 16)
            assert received.read(size + 2) == frame(event).encode() + b"\r\n"
        assert received.read() == b""
    settling.join()


def test_who_has_left_is_found_by_settling() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    line = Line(WayOut(ours, chunked=False), frame)
    with ours:
        assert not line.push(EVENTS[:1])
        with pytest.raises(BrokenPipeError):
            line.settle()
