"""Evidence from meaning: how near a sentence and its words stand to the windows of a fragment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dream.language.sentences import Span
from dream.storytelling.provenance.clues import Clue
from dream.storytelling.provenance.passage import Passage
from dream.storytelling.provenance.vectors import Tokens, read_tokens, recall_tokens, unit
from dream.storytelling.provenance.wording import Weights

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder

Floats = NDArray[np.float32]

FEATURES = ("nearer", "asked", "nearest", "met")
# A fragment about the story's own setting is near all of its sentences; how near is a guess where they are few.
_USUAL = 0.25
_GUESSES = 4
_RELATED = 0.4  # the cosine above which the vectors of two words say something


def meaning(scene: Passage, sources: Sequence[Passage], embedder: Embedder, known: str) -> Floats:
    """Float32 of shape (sentences, sources, FEATURES), each for the window of the source that it is greatest for.

    Of whole sentences: the cosine to the window, less what the scene's sentences usually have with that source; and the
    cosine to what is known. Of the sentence's clues: their mean cosine, by their bits, to the nearest words
    of the window; and the sum of how much nearer they come to a word of the source than to what is known and than to
    the other sources.
    """
    told, held = read_tokens(embedder, scene.text), [recall_tokens(embedder, source.text) for source in sources]
    given = recall_tokens(embedder, known) if known.strip() else None
    found = np.zeros((len(scene.spans), len(sources), len(FEATURES)), dtype=np.float32)
    found[:, :, :2] = _of_sentences(scene, told, sources, held, given)
    found[:, :, 2:] = _of_words(scene, told, sources, held, given)
    return found


def _of_sentences(
    scene: Passage, told: Tokens, sources: Sequence[Passage], held: Sequence[Tokens], given: Tokens | None
) -> Floats:
    lines = told.pooled(scene.spans)
    windows = [tokens.pooled(_windows(source)) for tokens, source in zip(held, sources, strict=True)]
    near = np.stack([(lines @ window.T).max(axis=1) for window in windows], axis=1)
    usual = (near.sum(axis=0) + _GUESSES * _USUAL) / (len(near) + _GUESSES)
    asked = lines @ unit(given.vectors.sum(axis=0, keepdims=True))[0] if given else np.full(len(lines), _USUAL)
    return np.stack([near - usual, np.repeat(asked[:, None], len(sources), axis=1)], axis=2)


def _of_words(
    scene: Passage, told: Tokens, sources: Sequence[Passage], held: Sequence[Tokens], given: Tokens | None
) -> Floats:
    each = _spread(scene, told, lambda _: 1.0)
    bits = _spread(scene, told, Weights(scene, sources).of)
    bits /= np.maximum(bits.sum(axis=1, keepdims=True), 1e-6)
    telling = each.any(axis=0)
    words, each, bits = unit(told.vectors[telling]), each[:, telling], bits[:, telling]
    nearest = [_nearest(words, tokens, source) for tokens, source in zip(held, sources, strict=True)]
    best = np.stack([found.max(axis=1) for found in nearest])
    floor = (words @ unit(given.vectors).T).max(axis=1, initial=_RELATED) if given else _RELATED
    usual = (best.sum(axis=0) - best) / max(len(sources) - 1, 1)
    met = each @ np.maximum(best - np.maximum(usual, floor), 0).T
    return np.stack([np.stack([(bits @ found).max(axis=1) for found in nearest], axis=1), met], axis=2)


def _spread(scene: Passage, told: Tokens, worth: Callable[[Clue], float]) -> Floats:
    """Float32 of shape (sentences, tokens): what the clue is worth that a token is part of, shared among its tokens."""
    spread = np.zeros((len(scene.spans), len(told.starts)), dtype=np.float32)
    for row, line in enumerate(scene.clues):
        for clue in line:
            within = told.touching(clue.start, clue.end)
            spread[row, within] = worth(clue) / max(within.stop - within.start, 1)
    return spread


def _nearest(words: Floats, held: Tokens, source: Passage) -> Floats:
    """Float32 of shape (words, windows): the cosine of each word to the nearest one in the window."""
    cosines = words @ unit(held.vectors).T
    lines = [cosines[:, held.within(span)] for span in source.spans]
    best = np.stack([line.max(axis=1, initial=-1.0) for line in lines], axis=1)
    return np.stack([best[:, first:last].max(axis=1) for first, last in source.windows], axis=1)


def _windows(source: Passage) -> list[Span]:
    return [Span(source.spans[first].start, source.spans[last - 1].end) for first, last in source.windows]
