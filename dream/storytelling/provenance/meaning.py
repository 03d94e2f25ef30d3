"""Evidence from meaning: how near a sentence and its words stand to the windows of a fragment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.language.sentences import Span
from dream.storytelling.provenance.passage import Passage
from dream.storytelling.provenance.vectors import Tokens, read_tokens, recall_tokens, unit
from dream.storytelling.provenance.wording import Weights

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder

Floats = NDArray[np.float32]

FEATURES = ("near", "nearer", "nearest")
# A fragment about the story's own setting is near all of its sentences; how near is a guess where there are few of them.
_USUAL = 0.25
_GUESSES = 4


def meaning(scene: Passage, sources: Sequence[Passage], embedder: Embedder) -> Floats:
    """Float32 of shape (sentences, sources, FEATURES), each for the window of the source that it is greatest for.

    The cosine of sentence and window; the same less what the scene's sentences usually have with that source; and the
    mean cosine of the sentence's clues, by their bits, to the nearest words of the window.
    """
    told = read_tokens(embedder, scene.text)
    weights = _weights(scene, sources, told)
    telling = weights.any(axis=0)
    words, weights = unit(told.vectors[telling]), weights[:, telling]
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
    lines = told.pooled(scene.spans)
    found = np.zeros((len(scene.spans), len(sources), len(FEATURES)), dtype=np.float32)
    for number, source in enumerate(sources):
        held = recall_tokens(embedder, source.text)
        found[:, number, 0] = (lines @ _windows(held, source).T).max(axis=1)
        found[:, number, 2] = (weights @ _nearest(words, held, source)).max(axis=1)
    near = found[:, :, 0]
    found[:, :, 1] = near - (near.sum(axis=0) + _GUESSES * _USUAL) / (len(near) + _GUESSES)
    return found


def _weights(scene: Passage, sources: Sequence[Passage], told: Tokens) -> Floats:
    """Float32 of shape (sentences, tokens): the bits of the clue that a token is part of, shared among its tokens."""
    worth = Weights(scene, sources)
    weights = np.zeros((len(scene.spans), len(told.starts)), dtype=np.float32)
    for row, line in enumerate(scene.clues):
        for clue in line:
            within = told.touching(clue.start, clue.end)
            weights[row, within] = worth.of(clue) / max(within.stop - within.start, 1)
    return weights


def _nearest(words: Floats, held: Tokens, source: Passage) -> Floats:
    """Float32 of shape (words, windows): the cosine of each word to the nearest one in the window."""
    cosines = words @ unit(held.vectors).T
    lines = [cosines[:, held.within(span)] for span in source.spans]
    best = np.stack([line.max(axis=1, initial=-1.0) for line in lines], axis=1)
    return np.stack([best[:, first:last].max(axis=1) for first, last in source.windows], axis=1)


def _windows(held: Tokens, source: Passage) -> Floats:
    """Float32 of shape (windows, width), rows of length 1."""
    spans = source.spans
    return held.pooled([Span(spans[first].start, spans[last - 1].end) for first, last in source.windows])
