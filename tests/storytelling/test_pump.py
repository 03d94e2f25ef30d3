"""The pump: many answers, one thread; each ends as it would have ended by itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from dream.storytelling.pump import Pump
from dream.storytelling.storytellers import Finish

ANSWERS = 5
PATIENCE_SECONDS = 10
"""What is waited for comes at once, or where the pump is broken, never."""


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


def read(pump: Pump, connection: socket.socket, turns: Iterator[Finish | None]) -> Future[Finish | None]:
    """Has a telling read its answer, in a thread that nobody waits for: a broken pump would never let it go."""
    end = Future[Finish | None]()

    def telling() -> None:
        try:
            end.set_result(pump.read(connection, turns))
        except Exception as error:  # noqa: BLE001  # raised again where the end is asked for
            end.set_exception(error)

    threading.Thread(target=telling, daemon=True).start()
    return end


def test_one_thread_reads_all_answers_to_their_ends() -> None:
    rounds = threading.Event()
    pump, readers = Pump(rounds.set), set[int]()
    pairs = [socket.socketpair() for _ in range(ANSWERS)]
    heard: list[list[bytes]] = [[] for _ in pairs]
    ends = [read(pump, ours, turns(ours, mine, readers)) for (ours, _), mine in zip(pairs, heard, strict=True)]
    for word in (b"one ", b"two ", b"three"):
        rounds.clear()
        for _, theirs in pairs:
            theirs.sendall(word)
        assert rounds.wait(PATIENCE_SECONDS)
    for _, theirs in pairs:
        theirs.close()
    assert [end.result(PATIENCE_SECONDS) for end in ends] == [Finish("finished")] * ANSWERS
    assert [b"".join(mine) for mine in heard] == [b"one two three"] * ANSWERS
    assert len(readers) == 1
    for ours, _ in pairs:
        ours.close()


def test_what_breaks_one_answer_is_its_own_tellings_alone() -> None:
    pump, readers = Pump(lambda: None), set[int]()
    (ours, theirs), (others, far) = socket.socketpair(), socket.socketpair()
    heard: list[bytes] = []
    with ours, theirs, others, far:
        broken = read(pump, ours, turns(ours, [], readers))
        whole = read(pump, others, turns(others, heard, readers))
        theirs.sendall(b"broken")
        with pytest.raises(RuntimeError, match="broken"):
            broken.result(PATIENCE_SECONDS)
        far.sendall(b"a bell")
        far.shutdown(socket.SHUT_WR)
        assert whole.result(PATIENCE_SECONDS) == Finish("finished")
    assert heard == [b"a bell"]


def test_an_answer_that_was_closed_meanwhile_ends_at_once() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(ValueError, match="descriptor"):
        read(Pump(lambda: None), ours, iter([None])).result(PATIENCE_SECONDS)
