"""The two rates of the threads: naming the right fragment first, and staying silent where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


def tally(chances: NDArray[np.float64], answers: NDArray[np.int64], least: float) -> Tally:
    """`chances` has shape (sentences, fragments); `answers` is the number of the right fragment, or -1 for none."""
    told = np.where(chances.sum(axis=1) >= least, chances.argmax(axis=1), -1)
    leaning = answers >= 0
    named, silent = leaning & (told == answers), ~leaning & (told < 0)
    return Tally(int(leaning.sum()), int(named.sum()), int((~leaning).sum()), int(silent.sum()))


def naming(tallies: Sequence[Tally]) -> Rate:
    return _rate([(t.named, t.leaning) for t in tallies])


def silence(tallies: Sequence[Tally]) -> Rate:
    return _rate([(t.silent, t.free) for t in tallies])


def _rate(counts: Sequence[tuple[int, int]]) -> Rate:
    pairs = np.array(counts, dtype=np.float64).reshape(-1, 2)
    drawn = np.random.default_rng(1).integers(0, len(pairs), (2000, len(pairs)))
    right, of = pairs[drawn].sum(axis=1).T
    low, high = np.quantile(right / np.maximum(of, 1), (0.025, 0.975))
    total = pairs[:, 1].sum()
    return Rate(int(total), float(pairs[:, 0].sum() / max(total, 1)), float(low), float(high))
