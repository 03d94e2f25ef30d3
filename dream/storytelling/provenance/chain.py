"""The sentences of a scene in a row: one that leans on a fragment makes the next one likely to lean on it too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turns:
    """What it is worth from one sentence to the next to begin leaning on a fragment, to end it, to stay with the same
    one, and to change to another; to go on without any is worth 0. A scene begins as if after a sentence without any.
    """

    begin: float = 0.0
    end: float = 0.0
    stay: float = 0.0
    change: float = 0.0

    def table(self, states: int) -> Floats:
        """Float64 of shape (states, states), from a sentence's state to the next one's; state 0 leans on nothing."""
        worth = np.full((states, states), self.change)
        np.fill_diagonal(worth, self.stay)
        worth[0, :], worth[:, 0], worth[0, 0] = self.begin, self.end, 0.0
        return worth


def passes(utility: Floats, turns: Floats) -> tuple[Floats, Floats]:
    """The logarithms of the forward and backward sums over all paths, each of the shape of `utility`: (sentences,
    states). Forward plus backward is how likely a state is at a sentence, but for the same amount everywhere.
    """
    forward, backward = np.empty_like(utility), np.zeros_like(utility)
    forward[0] = turns[0] + utility[0]
    for at in range(1, len(utility)):
        forward[at] = np.logaddexp.reduce(forward[at - 1][:, None] + turns, axis=0) + utility[at]
    for at in range(len(utility) - 2, -1, -1):
        backward[at] = np.logaddexp.reduce(turns + (utility[at + 1] + backward[at + 1])[None, :], axis=1)
    return forward, backward


def chances(utility: Floats, turns: Turns) -> Floats:
    """Float64 of shape (sentences, fragments), from utilities of the same shape: how likely each sentence leans on each
    fragment, given all of them. Leaning on none is one more choice, of utility 0.
    """
    if not len(utility):
        return utility
    states = np.pad(utility, ((0, 0), (1, 0)))
    forward, backward = passes(states, turns.table(states.shape[1]))
    likely: Floats = np.exp(forward + backward - np.logaddexp.reduce(forward[-1]))
    return likely[:, 1:]
