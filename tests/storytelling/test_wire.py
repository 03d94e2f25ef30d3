"""A wire is cut whoever reads from it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from dream.storytelling.wire import Wire

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, theirs


def test_cutting_wakes_a_read_and_tells_the_other_side(pair: Pair) -> None:
    ours, theirs = pair
    wire = Wire()
    wire.hold(ours)
    reading = Thread(target=ours.recv, args=(1,), daemon=True)
    reading.start()
    wire.cut()
    reading.join(5)
    assert not reading.is_alive()
    assert theirs.recv(1) == b""


def test_what_comes_under_a_cut_wire_is_cut_at_once(pair: Pair) -> None:
    ours, theirs = pair
    wire = Wire()
    wire.cut()
    wire.cut()
    wire.hold(ours)
    assert theirs.recv(1) == b""


def test_a_connection_that_is_gone_already_is_no_trouble(pair: Pair) -> None:
    ours, theirs = pair
    wire = Wire()
    wire.hold(ours)
    ours.close()
    theirs.close()
    wire.cut()
