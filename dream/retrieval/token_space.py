"""The token space: the embedding model's token vectors in few dimensions, small enough to be kept for every word.

The directions are the principal ones of what the model makes of a sample of prose that ships with dream; they are
found once and kept beside the exported model.
"""

from __future__ import annotations

import os
import threading
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dream.retrieval.embedding import Embedder, Vectors
from dream.retrieval.export.manifest import DIRECTIONS

DIMENSIONS = 64
SCALE = 200.0
"""A unit vector of 64 dimensions rarely has a part above 0.6: this uses int8's range well and cuts off the rest."""

_SAMPLE = "sample.txt"
_making = threading.Lock()

Packed = NDArray[np.int8]


class TokenSpace:
    """`directions` is float32 of shape (model's width, dimensions)."""

    def __init__(self, directions: Vectors) -> None:
        self._directions = directions
        self.dimensions = int(directions.shape[1])

    @classmethod
    def of(cls, embedder: Embedder, folder: Path) -> TokenSpace:
        """The space of a model, read from its folder; made and written there the first time, which takes seconds."""
        path = folder / DIRECTIONS
        with _making:
            directions = _stored(path)
            if directions is None:
                directions = _principal(embedder)
                staged = path.with_suffix(f".{os.getpid()}.npy")
                np.save(staged, directions)
                staged.replace(path)
        return cls(directions)

    @staticmethod
    def stands(folder: Path) -> bool:
        """Whether the space of the model in a folder was found before."""
        return _stored(folder / DIRECTIONS) is not None

    def reduce(self, vectors: Vectors) -> Vectors:
        """Token vectors (tokens, width) as unit vectors (tokens, dimensions)."""
        return unit(unit(vectors) @ self._directions)

    def pack(self, vectors: Vectors) -> Packed:
        """Token vectors (tokens, width) as they are stored: int8 of shape (tokens, dimensions)."""
        return np.clip(np.round(self.reduce(vectors) * SCALE), -127, 127).astype(np.int8)


def unit(vectors: Vectors) -> Vectors:
    """Each row at length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled


def _stored(path: Path) -> Vectors | None:
    """The directions in a file, None where it is not there or cannot be read: they are always found alike."""
    try:
        directions: Vectors = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return directions if directions.ndim == 2 and directions.shape[1] <= DIMENSIONS else None


def _principal(embedder: Embedder) -> Vectors:
    passages = files("dream.retrieval").joinpath(_SAMPLE).read_text(encoding="utf-8").split("\n\n")
    tokens = unit(np.concatenate([encoded.tokens.vectors for encoded in embedder.encode(passages)]))
    _, directions = np.linalg.eigh(tokens.T @ tokens)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS]).astype(np.float32)
