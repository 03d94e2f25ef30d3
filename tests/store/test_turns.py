"""Turns: handed on in order, first ones before all others, and none lost."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from dream.store.turns import Turns

LONG = 60.0


@contextmanager
def waiting(turns: Turns, names: str, order: list[str]) -> Iterator[None]:
    """Has a thread for each letter wait for its turn, one after the other, and note when it came; capitals go first.
    All have had theirs afterwards.
    """

    def write(name: str) -> None:
        with turns.turn(LONG, first=name.isupper()) as came:
            assert came
            order.append(name)

    writers = [threading.Thread(target=write, args=(name,)) for name in names]
    with turns.turn(LONG, first=False):
        for writer in writers:
            writer.start()
            while not _waits(writer):
                threading.Event().wait(0.001)
        yield
    for writer in writers:
        writer.join(LONG)
        assert not writer.is_alive()


def _waits(writer: threading.Thread) -> bool:
    frame = sys._current_frames().get(writer.ident or 0)
    return frame is not None and frame.f_code.co_name == "wait"


@pytest.mark.parametrize(("came", "served"), [("abcd", "abcd"), ("abcX", "Xabc"), ("aXbYc", "YXabc")])
def test_turns_come_in_order_and_first_ones_before_the_others(came: str, served: str) -> None:
    for _ in range(50):
        turns, order = Turns(), list[str]()
        with waiting(turns, came, order):
            assert order == []
        assert "".join(order) == served


def test_a_turn_is_never_had_by_two(turns: Turns) -> None:
    inside: list[int] = []

    def write(number: int) -> int:
        most = 0
        for _ in range(100):
            with turns.turn(LONG, first=number == 0):
                inside.append(number)
                threading.Event().wait(0.00001)
                most = max(most, len(inside))
                inside.remove(number)
        return most

    with ThreadPoolExecutor(6) as pool:
        assert max(pool.map(write, range(6))) == 1


def test_who_waited_in_vain_keeps_no_turn(turns: Turns) -> None:
    with turns.turn(LONG, first=False), turns.turn(0.01, first=False) as came:
        assert not came
    with turns.turn(0.01, first=False) as came:
        assert came


def test_a_fault_hands_the_turn_on(turns: Turns) -> None:
    with pytest.raises(ValueError, match="broken"), turns.turn(LONG, first=False):
        raise ValueError("broken")
    with turns.turn(0.01, first=False) as came:
        assert came


@pytest.fixture
def turns() -> Turns:
    return Turns()
