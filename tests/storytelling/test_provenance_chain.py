"""What a sentence leans on says something about its neighbours."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from dream.storytelling.provenance.chain import Turns, chances

TURNS = Turns(begin=-1.5, end=0.4, stay=0.3, change=-2.5)


def test_chances_are_those_of_all_paths_together() -> None:
    utility = np.random.default_rng(3).normal(size=(4, 3))
    states = np.pad(utility, ((0, 0), (1, 0)))
    table = TURNS.table(4)
    counted = np.zeros((4, 4))
    for path in product(range(4), repeat=4):
        steps = zip((0, *path), path, strict=False)
        worth = sum(table[before, after] for before, after in steps) + sum(states[at, s] for at, s in enumerate(path))
        for at, state in enumerate(path):
            counted[at, state] += np.exp(worth)
    counted /= counted.sum(axis=1, keepdims=True)
    assert chances(utility, TURNS) == pytest.approx(counted[:, 1:])


def test_between_two_sentences_that_lean_on_a_fragment_the_third_likely_does_too() -> None:
    alone = chances(np.array([[-5.0, -5.0], [-1.0, -1.0], [-5.0, -5.0]]), TURNS)[1]
    between = chances(np.array([[5.0, -5.0], [-1.0, -1.0], [5.0, -5.0]]), TURNS)[1]
    assert between[0] > 0.5 > alone[0]
    assert between[1] < alone[1]


def test_without_turns_each_sentence_stands_by_itself() -> None:
    utility = np.array([[2.0, 0.0], [-3.0, 1.0]])
    each = np.exp(utility)
    assert chances(utility, Turns()) == pytest.approx(each / (1 + each.sum(axis=1, keepdims=True)))


def test_a_scene_without_sentences_and_extreme_evidence_are_borne() -> None:
    assert chances(np.zeros((0, 3)), TURNS).shape == (0, 3)
    sure = chances(np.array([[4000.0, 0.0], [-4000.0, -4000.0]]), TURNS)
    assert sure == pytest.approx(np.array([[1.0, 0.0], [0.0, 0.0]]))
