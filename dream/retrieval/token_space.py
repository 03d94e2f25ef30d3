"""The token space: the embedding model's token vectors in few dimensions of four bits, small enough to be kept for
every word.

The directions are the principal ones of what the model makes of a sample of prose that ships with dream, with where
tokens lie along each, and how widely; they are found once and kept beside the exported model.
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

DIMENSIONS = 128
EVENED = 0.25
"""What power of its variance a direction is divided by: the first ones would else outweigh what tells words apart."""

HIGHEST = 15
"""The highest of the levels that four bits tell apart, from 0."""
STEP = 0.335
"""Standard deviations between two levels: what cuts a normal variable into sixteen with the least error."""

AT_ONCE = 1024
"""Tokens that are unpacked together: more of them would leave the processor's cache before they are multiplied."""

_SAMPLE = "sample.txt"
_making = threading.Lock()

Packed = NDArray[np.uint8]


class TokenSpace:
    """`directions` is float32 of shape (model's width, dimensions), of which there is an even number. `lowest` and
    `steps`, of shape (dimensions,), say what level 0 stands for in each, and how far the levels lie apart.
    """

    def __init__(self, directions: Vectors, lowest: Vectors, steps: Vectors) -> None:
        self._directions = directions
        self._lowest = lowest
        self._steps = steps
        self.bytes = directions.shape[1] // 2
        """What a token takes when it is packed."""

    @classmethod
    def of(cls, embedder: Embedder, folder: Path) -> TokenSpace:
        """The space of a model, read from its folder; made and written there the first time, which takes seconds."""
        path = folder / DIRECTIONS
        with _making:
            rows = _stored(path)
            if rows is None:
                rows = _found(embedder)
                staged = path.with_suffix(f".{os.getpid()}.npy")
                np.save(staged, rows)
                staged.replace(path)
        return cls(rows[:-2], rows[-2], rows[-1])

    @staticmethod
    def stands(folder: Path) -> bool:
        """Whether the space of the model in a folder was found before."""
        return _stored(folder / DIRECTIONS) is not None

    def reduce(self, vectors: Vectors) -> Vectors:
        """Token vectors (tokens, width) as unit vectors (tokens, dimensions)."""
        return unit(unit(vectors) @ self._directions)

    def pack(self, vectors: Vectors) -> Packed:
        """Token vectors (tokens, width) as they are stored, of shape (tokens, bytes): each byte holds the level of one
        of the first dimensions, and above it that of one of the others.
        """
        levels = np.round((self.reduce(vectors) - self._lowest) / self._steps)
        found = np.clip(levels, 0, HIGHEST).astype(np.uint8)
        packed: Packed = found[:, : self.bytes] | (found[:, self.bytes :] << np.uint8(4))
        return packed

    def near(self, tokens: Vectors, packed: Packed) -> Vectors:
        """How near reduced tokens (n, dimensions) are to packed ones (m, bytes): products of shape (n, m)."""
        scaled = np.ascontiguousarray((tokens * self._steps).T)
        found = np.empty((len(packed), len(tokens)), dtype=np.float32)
        levels = np.empty((min(AT_ONCE, len(packed)), 2 * self.bytes), dtype=np.float32)
        for start in range(0, len(packed), AT_ONCE):
            some = packed[start : start + AT_ONCE]
            levels[: len(some), : self.bytes] = some & HIGHEST
            levels[: len(some), self.bytes :] = some >> 4
            np.matmul(levels[: len(some)], scaled, out=found[start : start + AT_ONCE])
        found += tokens @ self._lowest
        return found.T


def unit(vectors: Vectors) -> Vectors:
    """Each row at length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled


def _stored(path: Path) -> Vectors | None:
    """The rows of a file: the directions, a row for each of the model's dimensions, then `lowest`, then `steps`. None
    where it is not there or cannot be read: they are always found alike.
    """
    try:
        rows: Vectors = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return rows if rows.ndim == 2 and rows.shape[1] <= DIMENSIONS else None


def _found(embedder: Embedder) -> Vectors:
    passages = files("dream.retrieval").joinpath(_SAMPLE).read_text(encoding="utf-8").split("\n\n")
    tokens = unit(np.concatenate([encoded.tokens.vectors for encoded in embedder.encode(passages)]))
    variances, directions = np.linalg.eigh(tokens.T @ tokens / len(tokens))
    kept = min(DIMENSIONS, len(variances)) // 2 * 2
    evened = directions[:, ::-1][:, :kept] / np.maximum(variances[::-1][:kept], 1e-9) ** EVENED
    reduced = unit(tokens @ evened)
    steps = STEP * np.maximum(reduced.std(axis=0), 1e-6)
    lowest = reduced.mean(axis=0) - HIGHEST / 2 * steps
    return np.vstack([evened, lowest, steps]).astype(np.float32)
