"""A follower's line: what it is handed goes out whole and in order, and one who does not read holds up nobody."""

from __future__ import annotations

import socket
import threading

import pytest

from dream.web.line import Line, WayOut

FRAMES = [b"id: %d\ndata: %b\n\n" % (number, b"x" * 50_000) for number in range(1, 40)]


def test_what_does_not_go_out_at_once_goes_out_by_settling() -> None:
    ours, theirs = socket.socketpair()
    line = Line(WayOut(ours, chunked=True))
    pushed = next(count for count, frame in enumerate(FRAMES, 1) if not line.push(frame))
    assert pushed < len(FRAMES)

    def settle() -> None:
        with ours:
            line.settle()

    settling = threading.Thread(target=settle)
    settling.start()
    with theirs, theirs.makefile("rb") as received:
        for frame in FRAMES[:pushed]:
            size = int(received.readline(), 16)
            assert received.read(size + 2) == frame + b"\r\n"
        assert received.read() == b""
    settling.join()


def test_who_has_left_is_found_by_settling() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    line = Line(WayOut(ours, chunked=False))
    with ours:
        assert not line.push(FRAMES[0])
        with pytest.raises(BrokenPipeError):
            line.settle()
