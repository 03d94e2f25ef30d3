"""The weights of a chain of greatest likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream.storytelling.provenance.chain import Turns, passes

Floats = NDArray[np.float64]
Answers = Sequence[tuple[int, ...] | None]

TURNS = 4
STEPS = 400
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Scene:
    """`features` has shape (sentences, fragments, features); `weight` is what the scene counts."""

    features: Floats
    answers: Answers
    weight: float

    def allowed(self) -> NDArray[np.bool_]:
        """Bool of shape (sentences, 1 + fragments): what each sentence may be said to lean on, nothing first."""
        right = np.zeros((len(self.answers), 1 + self.features.shape[1]), dtype=bool)
        for row, answer in zip(right, self.answers, strict=True):
            row[:] = answer is None
            row[[number + 1 for number in answer] if answer else 0] = True
        return right


def likeliest(scenes: Sequence[Scene], ridge: float) -> tuple[Floats, Turns]:
    """The weights of the features and the turns that make the answers likeliest, with a ridge on all of them."""
    size = scenes[0].features.shape[2]

    def loss(theta: Floats) -> tuple[float, Floats]:
        worth, slope = -ridge / 2 * float(theta @ theta), -ridge * theta
        for scene in scenes:
            one, way = _likelihood(scene, theta[:size], Turns(*theta[size:]))
            worth += scene.weight * one
            slope += scene.weight * way
        return -worth, -slope

    theta = _least(loss, np.zeros(size + TURNS))
    return theta[:size], Turns(*theta[size:].tolist())


def _likelihood(scene: Scene, weights: Floats, turns: Turns) -> tuple[float, Floats]:
    """How likely the answers are, as a logarithm, and its slope."""
    utility = np.pad(scene.features @ weights, ((0, 0), (1, 0)))
    table = turns.table(utility.shape[1])
    right = _expected(np.where(scene.allowed(), utility, -np.inf), table, scene.features)
    every = _expected(utility, table, scene.features)
    return right[0] - every[0], right[1] - every[1]


def _expected(utility: Floats, table: Floats, features: Floats) -> tuple[float, Floats]:
    """The logarithm of the sum over all paths, and what is to be expected of features and turns over them."""
    forward, backward = passes(utility, table)
    total = np.logaddexp.reduce(forward[-1])
    likely = np.exp(forward + backward - total)
    pairs = np.exp(forward[:-1, :, None] + table + (utility + backward)[1:, None, :] - total).sum(axis=0)
    pairs[0] += likely[0]
    stays, every = np.trace(pairs[1:, 1:]), pairs[1:, 1:].sum()
    turned = [pairs[0, 1:].sum(), pairs[1:, 0].sum(), stays, every - stays]
    return float(total), np.concatenate([np.einsum("sf,sfp->p", likely[:, 1:], features), turned])


def _least(loss: Callable[[Floats], tuple[float, Floats]], theta: Floats) -> Floats:
    """Where the loss is least, by the method of Broyden, Fletcher, Goldfarb and Shanno."""
    worth, slope = loss(theta)
    inverse = np.eye(len(theta)) / max(1.0, float(np.linalg.norm(slope)))
    for _ in range(STEPS):
        step = -inverse @ slope
        length = 1.0
        while (found := loss(theta + length * step))[0] > worth + 1e-4 * length * (slope @ step) and length > 1e-8:
            length /= 2
        moved, bent = length * step, found[1] - slope
        theta, worth, slope = theta + moved, *found
        if np.abs(slope).max() < TOLERANCE:
            break
        if (along := float(moved @ bent)) > 1e-12:
            part = np.eye(len(theta)) - np.outer(moved, bent) / along
            inverse = part @ inverse @ part.T + np.outer(moved, moved) / along
    return theta
