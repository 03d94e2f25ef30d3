"""A body is the same however its bytes arrive, and whoever reads it."""

from __future__ import annotations

import itertools
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream.storytelling.body import HEAD_LIMIT, Chunks, Tap, unframed
from dream.storytelling.faults import Broken

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def framed(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


@given(parts=st.lists(st.binary(max_size=40), max_size=6), cuts=st.lists(st.integers(0, 300), max_size=12))
def test_chunks_are_unframed_wherever_their_bytes_are_cut(parts: list[bytes], cuts: list[int]) -> None:
    whole = framed(parts)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in itertools.pairwise(places)]
    assert b"".join(unframed(pieces)) == b"".join(parts)


def test_a_chunk_is_handed_on_as_far_as_it_has_come() -> None:
    chunks = Chunks()
    assert (chunks.feed(b"ffffff\r\nda"), chunks.feed(b"ta: "), chunks.over) == (b"da", b"ta: ", False)


@pytest.mark.parametrize("end", [b"", b"5\r\nab", b"0", b"4\r\ndone\r\n"])
def test_a_body_without_its_last_chunk_was_cut_off(end: bytes) -> None:
    with pytest.raises(Broken, match="cut_off"):
        list(unframed([framed([b"told"])[:-5], end]))


@pytest.mark.parametrize(
    "frame", [b"-1\r\n", b"0x4\r\n", b" 4\r\n", b"4 4\r\n", b"\r\n", b"1" * 16 + b"\r\n", b"1" * 2000]
)
def test_a_frame_that_is_none_is_refused(frame: bytes) -> None:
    with pytest.raises(Broken, match="provider_garbled"):
        list(unframed([frame]))


class Stream:
    """A client's stream, as far as a tap knows it."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def read(self, most: int, timeout: float | None = None) -> bytes:
        self._connected.settimeout(timeout)
        return self._connected.recv(most)

    def get_extra_info(self, _name: str) -> Any:
        return self._connected


def heard(sent: bytes, headers: dict[str, str], later: bytes = b"") -> bytes | None:
    """The body of an answer whose head the client has read, with what came along; `later` comes after that."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        tap, stream = Tap(), Stream(ours)
        tap.listen(stream)
        theirs.sendall(sent)
        while stream.read(1 << 16, 5) and not _is_empty(ours):
            pass
        theirs.sendall(later)
        theirs.shutdown(socket.SHUT_WR)
        body = tap.body(headers, 5)
        return None if body is None else b"".join(body)


def _is_empty(connected: socket.socket) -> bool:
    connected.setblocking(False)
    try:
        return not connected.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True


LAST = b"0\r\n\r\n"
CHUNKED = {"transfer-encoding": "chunked"}


def test_what_came_with_the_head_and_what_comes_after_it_are_one_body() -> None:
    body = framed([b"one ", b"two ", b"three"])
    assert heard(HEAD + body[:9], CHUNKED, body[9:]) == b"one two three"
    assert heard(HEAD, CHUNKED, body) == heard(HEAD + body, CHUNKED) == b"one two three"
    assert heard(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + body, CHUNKED) == b"one two three"
    assert heard(HEAD + b"to its", {}, b" end") == b"to its end"


def test_a_body_that_was_unblocked_says_where_nothing_has_come() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        tap, stream = Tap(), Stream(ours)
        tap.listen(stream)
        first, second, third = (framed([piece]).removesuffix(LAST) for piece in (b"one ", b"two ", b"three"))
        theirs.sendall(HEAD + first)
        assert stream.read(1 << 16, 5)
        body = tap.body(CHUNKED, 5)
        assert body is not None
        assert next(body) == b"one "
        assert tap.unblock() is ours
        assert [next(body), next(body)] == [b"", b""]
        theirs.sendall(second + third[:4])
        assert b"".join(next(body) for _ in range(3)) == b"two " + third[3:4]
        theirs.sendall(third[4:] + LAST)
        theirs.close()
        assert b"".join(body) == b"hree"


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        (HEAD + b"told", {"content-length": "4"}),
        (HEAD + b"told", {"content-encoding": "gzip"}),
        (HEAD + b"told", {"transfer-encoding": "gzip, chunked"}),
        (b"\x05\x00told", CHUNKED),
        (HEAD.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * (HEAD_LIMIT + 70_000) + b"\r\n\r\n"), CHUNKED),
    ],
    ids=["a length", "compressed", "compressed chunks", "another protocol", "too long a head"],
)
def test_what_only_the_client_can_read_is_left_to_it(sent: bytes, headers: dict[str, str]) -> None:
    assert heard(sent, headers) is None
