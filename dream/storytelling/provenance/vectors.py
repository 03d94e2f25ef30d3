"""A text's token vectors, in stretches that the model reads whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.language.sentences import Span, sentences

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder

Floats = NDArray[np.float32]

_CHARACTERS_OF_A_TOKEN = 3.6  # of English prose, with some room


@dataclass(frozen=True, slots=True)
class Tokens:
    """`vectors` is float32 of shape (tokens, width); `starts` and `ends`, int64, are code points of the text."""

    vectors: Floats
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def within(self, span: Span) -> slice:
        """The tokens that begin in the span."""
        return slice(*np.searchsorted(self.starts, (span.start, span.end)).tolist())

    def touching(self, start: int, end: int) -> slice:
        """The tokens that share a code point with [start, end)."""
        return slice(int(np.searchsorted(self.ends, start, side="right")), int(np.searchsorted(self.starts, end)))


def read_tokens(embedder: Embedder, text: str) -> Tokens:
    """The token vectors of `text`: one pass for every stretch of whole sentences that fits the model."""
    stretches = _stretches(text, int(embedder.max_tokens * _CHARACTERS_OF_A_TOKEN))
    found = [encoded.tokens for encoded in embedder.encode([text[span.start : span.end] for span in stretches])]
    ends = [
        (stretch.start + start, stretch.start + end)
        for stretch, tokens in zip(stretches, found, strict=True)
        for start, end in tokens.spans
    ]
    places = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return Tokens(np.concatenate([tokens.vectors for tokens in found]), places[:, 0], places[:, 1])


@lru_cache(maxsize=48)
def recall_tokens(embedder: Embedder, text: str) -> Tokens:
    """The same, remembered, since a story's scenes share fragments: 350 KB for 900 characters at 384 dimensions."""
    return read_tokens(embedder, text)


def unit(rows: Floats) -> Floats:
    """Rows of length 1; a zero row stays zero."""
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, np.maximum(lengths, 1e-6), dtype=np.float32)


def _stretches(text: str, most: int) -> list[Span]:
    """Runs of whole sentences of at most `most` characters each; a longer sentence stands alone."""
    found: list[Span] = []
    for span in sentences(text):
        if found and span.end - found[-1].start <= most:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return found
