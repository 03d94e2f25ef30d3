"""The two rates of the threads, naming the right fragment first and staying silent where there is none; and whether the
strength of a tie is the share of such ties that are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Answers = Sequence[tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one story: sentences that lean on a fragment, those of them named right; free ones, those of them silent."""

    leaning: int
    named: int
    free: int
    silent: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of sentences with its 95 % interval, bootstrapped over whole stories."""

    of: int
    share: float
    low: float
    high: float


def tally(chances: NDArray[np.float64], answers: Answers, least: float) -> Tally:
    """`chances` has shape (sentences, fragments); an answer holds the numbers of the right fragments, () stands for
    none, and None is not counted.
    """
    tied = chances.sum(axis=1) >= least
    first = chances.argmax(axis=1)
    leaning = [(at, answer) for at, answer in enumerate(answers) if answer]
    free = [at for at, answer in enumerate(answers) if answer == ()]
    named = sum(bool(tied[at]) and int(first[at]) in answer for at, answer in leaning)
    return Tally(len(leaning), named, len(free), len(free) - int(tied[free].sum()))


def naming(tallies: Sequence[Tally]) -> Rate:
    return _rate([(t.named, t.leaning) for t in tallies])


def silence(tallies: Sequence[Tally]) -> Rate:
    return _rate([(t.silent, t.free) for t in tallies])


def strengths(chances: NDArray[np.float64], answers: Answers, least: float) -> list[tuple[float, bool]]:
    """How strong the first tie of each counted thread is, and whether it is right."""
    return [
        (float(row.max()), int(row.argmax()) in answer)
        for row, answer in zip(chances, answers, strict=True)
        if answer is not None and row.sum() >= least
    ]


def _rate(counts: Sequence[tuple[int, int]]) -> Rate:
    pairs = np.array(counts, dtype=np.float64).reshape(-1, 2)
    drawn = np.random.default_rng(1).integers(0, len(pairs), (2000, len(pairs)))
    right, of = pairs[drawn].sum(axis=1).T
    low, high = np.quantile(right / np.maximum(of, 1), (0.025, 0.975))
    total = pairs[:, 1].sum()
    return Rate(int(total), float(pairs[:, 0].sum() / max(total, 1)), float(low), float(high))
