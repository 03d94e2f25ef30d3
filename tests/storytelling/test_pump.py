"""The pump: many answers, one thread; each ends as it would have ended by itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dream.storytelling.pump import Pump
from dream.storytelling.storytellers import Finish

ANSWERS = 5


def turns(connection: socket.socket, heard: list[bytes], readers: set[int]) -> Iterator[Finish | None]:
    """Takes what has come, up to the connection's end."""
    connection.setblocking(False)
    while True:
        readers.add(threading.get_ident())
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            yield None
            continue
        if data == b"broken":
            raise RuntimeError("broken")
        if not data:
            break
        heard.append(data)
    yield Finish("finished")


def test_one_thread_reads_all_answers_to_their_ends() -> None:
    rounds = threading.Event()
    pump, readers = Pump(rounds.set), set[int]()
    pairs = [socket.socketpair() for _ in range(ANSWERS)]
    heard: list[list[bytes]] = [[] for _ in pairs]
    with ThreadPoolExecutor(ANSWERS) as tellings:
        ends = [
            tellings.submit(pump.read, ours, turns(ours, mine, readers))
            for (ours, _), mine in zip(pairs, heard, strict=True)
        ]
        for word in (b"one ", b"two ", b"three"):
            rounds.clear()
            for _, theirs in pairs:
                theirs.sendall(word)
            assert rounds.wait(30)
        for _, theirs in pairs:
            theirs.close()
        assert [end.result(30) for end in ends] == [Finish("finished")] * ANSWERS
    assert [b"".join(mine) for mine in heard] == [b"one two three"] * ANSWERS
    assert len(readers) == 1
    for ours, _ in pairs:
        ours.close()


def test_what_breaks_one_answer_is_its_own_tellings_alone() -> None:
    pump, readers = Pump(lambda: None), set[int]()
    (ours, theirs), (others, far) = socket.socketpair(), socket.socketpair()
    heard: list[bytes] = []
    with ours, theirs, others, far, ThreadPoolExecutor(2) as tellings:
        broken = tellings.submit(pump.read, ours, turns(ours, [], readers))
        whole = tellings.submit(pump.read, others, turns(others, heard, readers))
        theirs.sendall(b"broken")
        with pytest.raises(RuntimeError, match="broken"):
            broken.result(30)
        far.sendall(b"a bell")
        far.shutdown(socket.SHUT_WR)
        assert whole.result(30) == Finish("finished")
    assert heard == [b"a bell"]


def test_an_answer_that_was_closed_meanwhile_ends_at_once() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(ValueError, match="descriptor"):
        Pump(lambda: None).read(ours, iter([None]))
