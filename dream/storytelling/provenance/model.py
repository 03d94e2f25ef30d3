"""The fitted models that turn evidence into likelihoods, one for each language and kind of evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.storytelling.provenance import meaning, wording
from dream.storytelling.provenance.chain import Turns, chances

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder

WORDING, BOTH = "wording", "both"
FEATURES = {WORDING: wording.FEATURES, BOTH: wording.FEATURES + meaning.FEATURES}


@dataclass(frozen=True, slots=True)
class Model:
    """A chain of multinomial logistic choices: for each sentence a fragment or none, and what its neighbours lean on
    counts as well.

    `embedder` names the embedding model whose vectors the weights were fitted to, "" where they use none. A sentence
    has a thread when the chance that it leans on any fragment is at least `least`.
    """

    language: str
    embedder: str
    weights: Sequence[float]
    turns: Turns
    bias: float
    least: float

    @property
    def kind(self) -> str:
        return BOTH if self.embedder else WORDING

    def likelihoods(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Float64 of shape (sentences, fragments) from features of shape (sentences, fragments, features), the
        sentences being those of one scene in order.

        The sum of a row is the chance that the sentence leans on any of the fragments.
        """
        return chances(features.astype(np.float64) @ np.asarray(self.weights) + self.bias, self.turns)


def model_for(language: str, embedder: Embedder | None) -> Model:
    """The model for what there is to go by: where none was fitted to the embedder's vectors, wording alone decides."""
    mine = [model for model in _fitted() if model.language == language]
    named = embedder.name if embedder else ""
    return next((model for model in mine if model.embedder == named), None) or next(
        model for model in mine if not model.embedder
    )


@cache
def _fitted() -> list[Model]:
    """What benchmarks.provenance.fit wrote, and how, stands in the file."""
    held = json.loads((files(__package__) / "weights.json").read_text("utf-8"))
    return [
        Model(
            model["language"],
            model["embedder"],
            list(model["weights"].values()),
            Turns(**model["turns"]),
            model["bias"],
            model["least"],
        )
        for model in held["models"]
    ]
