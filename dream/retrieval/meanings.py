"""Meanings: a fragment's vector, its windows' and its words' tokens', from one pass of the model, packed for SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream.language.terms import content_terms
from dream.retrieval.embedding import Encoded, Vectors, pool
from dream.retrieval.postings import stretches
from dream.retrieval.stages import StageMissing
from dream.retrieval.token_space import Packed, TokenSpace, unit
from dream.retrieval.windows import windows
from dream.store.library import Library
from dream.store.library.indexes import MeaningRow

Integers = NDArray[np.int64]

COVERED = 0.5
"""The share of the candidates that must have meanings, or tokens; below it the store counts as missing."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The meanings of some fragments, in their order, as rows of unit length; a fragment without any has a zero row.

    `window_owners[i]` is the fragment of window i. Tokens, packed as they are stored, stand in stretches, one a window
    that has any: `token_starts` and `token_owners` say where each begins and whose it is. `told` is the share of the
    fragments whose tokens are there.
    """

    pooled: Vectors
    windows: Vectors
    window_owners: Integers
    tokens: Packed
    token_starts: Integers
    token_owners: Integers
    told: float


def packed(key: int, passage: str, encoded: Encoded, space: TokenSpace, *, by_mean: bool) -> MeaningRow:
    """What is stored of a fragment that the model has read. Where it does not pool `by_mean`, its tokens say nothing of
    a window's vector, and the fragment's own stands for all of them.
    """
    spans = windows(passage)
    vectors = [pool(encoded.tokens, span.start, span.end) for span in spans] if by_mean else []
    held = np.zeros(len(passage) + 1, dtype=bool)
    for term in content_terms(passage):
        held[term.start : term.end] = True
    starts = np.array([start for start, _ in encoded.tokens.spans], dtype=np.int64)
    kept = held[starts] if len(starts) else np.zeros(0, dtype=bool)
    bounds = [int((starts[kept] < span.end).sum()) for span in spans]
    found = [vector for vector in vectors if vector is not None] or [encoded.pooled]
    return MeaningRow(
        key,
        _int8(encoded.pooled[None, :]).tobytes(),
        _int8(np.stack(found)).tobytes(),
        np.array(bounds, dtype="<u2").tobytes(),
        space.pack(encoded.tokens.vectors[kept]).tobytes(),
    )


class Meanings:
    """Reads one model's meanings. The last candidates' are kept until others are asked for: two stages share them."""

    def __init__(self, library: Library, model: str, dimensions: int, space: TokenSpace) -> None:
        self._library = library
        self._model = model
        self._dimensions = dimensions
        self.space = space
        self._last: tuple[bytes, Unpacked] | None = None

    def of(self, keys: Integers) -> Unpacked:
        """Raises StageMissing where fewer than half of the fragments have any."""
        last = self._last
        if last is not None and last[0] == keys.tobytes():
            return last[1]
        rows = self._library.indexes.meanings(self._model, keys.tolist())
        if len(rows) < COVERED * len(keys):
            raise StageMissing
        unpacked = self._unpacked([rows.get(key) for key in keys.tolist()])
        self._last = (keys.tobytes(), unpacked)
        return unpacked

    def _unpacked(self, rows: Sequence[MeaningRow | None]) -> Unpacked:
        there = [(owner, row) for owner, row in enumerate(rows) if row is not None]
        places = np.array([owner for owner, _ in there], dtype=np.int64)
        pooled = np.zeros((len(rows), self._dimensions), dtype=np.float32)
        pooled[places] = self._vectors([row.pooled for _, row in there], self._dimensions)
        tokens = np.frombuffer(b"".join(row.tokens or b"" for _, row in there), dtype=np.uint8)
        sizes = [len(row.tokens or b"") // self.space.bytes for _, row in there]
        owners, starts, _ = stretches([row.bounds or b"" for _, row in there], sizes)
        return Unpacked(
            pooled,
            self._vectors([row.windows for _, row in there], self._dimensions),
            np.repeat(places, [len(row.windows) // self._dimensions for _, row in there]),
            tokens.reshape(-1, self.space.bytes),
            starts,
            places[owners],
            sum(row.tokens is not None for _, row in there) / max(len(rows), 1),
        )

    @staticmethod
    def _vectors(blobs: Sequence[bytes], width: int) -> Vectors:
        rows = np.frombuffer(b"".join(blobs), dtype=np.int8).reshape(-1, width).astype(np.float32)
        return unit(rows)


def _int8(vectors: Vectors) -> NDArray[np.int8]:
    """Each row scaled so that its largest part is 127; only its direction is kept."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    scaled: NDArray[np.int8] = np.round(vectors * (127 / largest)).astype(np.int8)
    return scaled
