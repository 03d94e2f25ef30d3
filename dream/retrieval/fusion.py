"""Fusion: the stages' columns, normalised over the candidates of one question, become one score by learned weights.

The weights are data (`weights.json`), fitted by `benchmarks/retrieval/fit.py`; a score is the logarithm of how likely a
fragment is the right one, up to a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from dream.retrieval.candidates import Floats
from dream.retrieval.question import Kind

WEIGHTS = "weights.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """One kind's weights: a straight part for each column, and a small hidden layer (or none, of width 0).

    `linear` has shape (columns,), `hidden` (columns, width), `bias` and `out` (width,).
    """

    linear: Floats
    hidden: Floats
    bias: Floats
    out: Floats

    def score(self, columns: Floats) -> Floats:
        """The scores of candidates, from their normalised columns (candidates, columns)."""
        total: Floats = columns @ self.linear + np.tanh(columns @ self.hidden + self.bias) @ self.out
        return total

    def say(self) -> NDArray[np.bool_]:
        """Whether each column counts at all."""
        counts: NDArray[np.bool_] = (self.linear != 0) | (self.hidden * self.out != 0).any(axis=1)
        return counts


class Fusion:
    """`presence` says of a word in a question how seldom it stands in the answer, as an offset to its weight."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.columns: tuple[str, ...] = tuple(data["columns"])
        self.presence: dict[str, float] = dict(data["presence"])
        self._kinds = {name: _weights(kind) for name, kind in data["kinds"].items()}
        self._place = {name: place for place, name in enumerate(self.columns)}

    def fuse(self, kind: Kind, found: Mapping[str, Floats], *, meaning: bool) -> Floats:
        """Scores from columns by name; a column that no stage gave counts as the same for all.

        Where no stage knows the meaning, the weights are those that were fitted for words alone.
        """
        length = len(next(iter(found.values()), np.zeros(0)))
        columns = np.zeros((length, len(self.columns)))
        for name, scores in found.items():
            if name in self._place:
                columns[:, self._place[name]] = scores
        return self._of(kind, meaning=meaning).score(normalised(columns))

    def heard(self, kind: Kind, *, meaning: bool) -> frozenset[str]:
        """The columns that have any say in a score of `fuse`."""
        say = self._of(kind, meaning=meaning).say()
        return frozenset(name for name, has_say in zip(self.columns, say, strict=True) if has_say)

    def _of(self, kind: Kind, *, meaning: bool) -> Weights:
        return self._kinds[kind if meaning else "words"]


def normalised(scores: Floats) -> Floats:
    """Standard scores within one question's candidates, column by column; all 0 where they do not differ."""
    if not len(scores):
        return scores
    spread = scores.std(axis=0)
    found: Floats = np.where(spread > 1e-9, (scores - scores.mean(axis=0)) / np.maximum(spread, 1e-9), 0.0)
    return found


@lru_cache(maxsize=1)
def shipped() -> Fusion:
    """The weights that ship with dream."""
    return Fusion(orjson.loads(files("dream.retrieval").joinpath(WEIGHTS).read_bytes()))


def _weights(kind: Mapping[str, Any]) -> Weights:
    linear = np.array(kind["linear"], dtype=float)
    hidden = np.array(kind.get("hidden") or np.zeros((len(linear), 0)), dtype=float).reshape(len(linear), -1)
    return Weights(
        linear, hidden, np.array(kind.get("bias") or [], dtype=float), np.array(kind.get("out") or [], dtype=float)
    )
