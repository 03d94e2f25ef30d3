"""Candidates: what stands beside each in its work, and what that adds to it."""

from __future__ import annotations

import numpy as np

from dream.retrieval.candidates import Candidates
from dream.retrieval.lexical import Matches
from dream.retrieval.stages.late import FADES, faded
from dream.store.library.indexes import Place


def candidates(*spots: tuple[str, int]) -> Candidates:
    places = [Place(row, f"{work}.1.{at}", work, at, 500, "", 1) for row, (work, at) in enumerate(spots)]
    return Candidates(places, Matches.none(0))


FOUND = candidates(("a", 4), ("b", 1), ("a", 3), ("b", 3), ("a", 5), ("c", 2))


def test_only_what_follows_in_the_same_work_is_beside() -> None:
    assert sorted(FOUND.beside(0).tolist()) == [2, 4]
    assert FOUND.beside(2).tolist() == [0]
    assert [FOUND.beside(row).tolist() for row in (1, 3, 5)] == [[], [], []]


def test_scores_around_are_those_of_both_neighbours() -> None:
    assert FOUND.around(np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])).tolist() == [20.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    assert candidates().around(np.zeros(0)).tolist() == []


def test_a_stretch_is_what_follows_in_the_same_work() -> None:
    told = candidates(("a", 0), ("a", 1), ("b", 2), ("b", 4), ("b", 5))
    assert told.stretches.tolist() == [1, 1, 2, 3, 3]
    assert candidates().stretches.tolist() == []


def test_a_word_counts_for_what_is_told_around_it_and_less_the_farther_off() -> None:
    windows = np.array([[0.0, 0.9, 0.0, 0.0, 0.0, 0.8], [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]])
    stretches = np.array([1, 1, 1, 1, 2, 2])
    one, two = 0.9 * FADES, 0.9 * FADES**2
    expected = [[one, 0.9, one, two, 0.8 * FADES, 0.8], [0.5, 0.5, 0.5 * FADES, 0.5 * FADES**2, 0.0, 0.0]]
    assert np.allclose(faded(windows, stretches), expected)
    assert windows[0, 0] == 0.0


def test_a_word_is_heard_seven_windows_away() -> None:
    windows = np.zeros((1, 10))
    windows[0, 9] = 1.0
    heard = faded(windows, np.ones(10, dtype=np.int64))
    assert np.allclose(heard[0], [0.0, 0.0, *(FADES**far for far in range(7, -1, -1))])
