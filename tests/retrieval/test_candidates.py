"""Candidates: what stands beside each in its work, and what that adds to it."""

from __future__ import annotations

import numpy as np

from dream.retrieval.candidates import Candidates
from dream.retrieval.lexical import Matches
from dream.retrieval.stages.late import around
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


def test_a_word_that_the_next_fragment_holds_counts_for_this_one_too() -> None:
    best = np.array([[0.1, 0.9, 0.8, 0.3, 0.2, 0.4], [0.5, 0.1, 0.2, 0.3, 0.9, 0.4]])
    assert around(best, FOUND).tolist() == [[0.8, 0.9, 0.8, 0.3, 0.2, 0.4], [0.9, 0.1, 0.5, 0.3, 0.9, 0.4]]
    assert best[0, 0] == 0.1
