"""The index of words: what stands in a filtered work is found however many better matches stand in others."""

from __future__ import annotations

import numpy as np

from dream.retrieval.lexical import Matches
from dream.retrieval.postings import stretches


def matches(scores: list[float], owners: list[int]) -> Matches:
    keys = np.arange(1, len(scores) + 1)
    none = np.zeros(len(scores))
    return Matches(keys, np.array(scores), none, np.array(owners), np.array(sorted(set(owners))), none, none)


def test_the_best_matches_come_first() -> None:
    assert matches([1.0, 3.0, 2.0], [7, 7, 8]).best(2) == [2, 3]


def test_filters_are_applied_before_matches_are_counted_off() -> None:
    found = matches([9.0, 8.0, 7.0, 1.0], [7, 7, 7, 8])
    assert found.best(2, [8]) == [4]
    assert found.best(2, []) == []


def test_a_term_that_stands_nowhere_matches_nothing() -> None:
    assert Matches.none(3).best(5) == []


def test_windows_of_several_fragments_are_laid_end_to_end() -> None:
    ends = [np.array(part, dtype="<u2").tobytes() for part in ([2, 5], [], [0, 4], [3])]
    owners, starts, lengths = stretches(ends, [5, 0, 4, 3])
    assert owners.tolist() == [0, 0, 2, 3]
    assert starts.tolist() == [0, 2, 5, 9]
    assert lengths.tolist() == [2, 3, 4, 3]
    assert all(not len(part) for part in stretches([], []))
