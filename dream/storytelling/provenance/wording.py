"""Evidence from wording: which clues stand together in a window of a fragment, and which words in a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from dream.language.words import words
from dream.storytelling.provenance.clues import Clue, clues
from dream.storytelling.provenance.passage import Passage, held_by

Floats = NDArray[np.float32]

FEATURES = ("shared", "share", "anywhere", "run")
_LEAST_BITS = 8.0  # a sentence is never taken to say less than this, or one common word would be all of it
_LONGEST_RUN = 30.0  # bits; beyond that a run is certain anyway
_BITS_OF_A_STOP_WORD = 0.8


def wording(scene: Passage, sources: Sequence[Passage], language: str) -> Floats:
    """Float32 of shape (sentences, sources, FEATURES).

    For the window of the source that shares most: the bits of the shared clues over 10, and their share of all the
    sentence's bits. For the whole source, which a sentence may compress: the bits of the shared clues over 10, and of
    the longest run of words over 10.
    """
    weights = Weights(scene, sources)
    found = np.zeros((len(scene.spans), len(sources), len(FEATURES)), dtype=np.float32)
    for number, source in enumerate(sources):
        found[:, number, :3] = _shared(scene, source, weights)
    found[:, :, 3] = _runs(scene, sources, language)
    return found


class Weights:
    """What a clue is worth within this scene and among these sources.

    A word that half of the fragments hold tells little about which of them it came from; one that the whole scene
    keeps repeating is its setting.
    """

    def __init__(self, scene: Passage, sources: Sequence[Passage]) -> None:
        self._held = held_by(sources)
        self._sources = len(sources)
        self._told = Counter(key for line in scene.clues for clue in line for key in clue.keys)
        self._often = 1 + len(scene.spans) / 10

    def by_key(self, clue: Clue) -> dict[str, float]:
        return {key: bits * self._telling(key) for key, bits in clue.keys.items()}

    def of(self, clue: Clue) -> float:
        return max(self.by_key(clue).values())

    def _telling(self, key: str) -> float:
        one_alone = log((self._sources + 1) / 1.5)
        among = log((self._sources + 1) / (max(self._held[key], 1) + 0.5)) / one_alone
        return among / (1 + log2(max(1.0, self._told[key] / self._often)))


def _shared(scene: Passage, source: Passage, weights: Weights) -> Floats:
    """Float32 of shape (sentences, 3)."""
    lines = [{key for clue in line for key in clue.keys} for line in source.clues]
    windows = [set().union(*lines[first:last]) for first, last in source.windows]
    every = set().union(*lines)
    rows = [_best(line, windows, every, weights) for line in scene.clues]
    return np.array(rows, dtype=np.float32).reshape(-1, 3)


def _best(line: Sequence[Clue], windows: Sequence[set[str]], every: set[str], weights: Weights) -> tuple[float, ...]:
    whole = sum(max(clue.keys.values()) for clue in line)
    worth = [weights.by_key(clue) for clue in line if clue.keys.keys() & every]
    most = max((sum(_bits_in(window, worth)) for window in windows), default=0.0)
    return most / 10, most / max(whole, _LEAST_BITS), sum(_bits_in(every, worth)) / 10


def _bits_in(held: set[str], worth: Sequence[Mapping[str, float]]) -> list[float]:
    return [max((keys[key] for key in keys.keys() & held), default=0.0) for keys in worth]


def _runs(scene: Passage, sources: Sequence[Passage], language: str) -> Floats:
    """Float32 of shape (sentences, sources): the bits of the longest run of two or more words, over 10."""
    told = [[word.text for word in words(scene.text[span.start : span.end])] for span in scene.spans]
    bits = {word: _bits(word, language) for word in {word for line in told for word in line}}
    found = np.zeros((len(told), len(sources)), dtype=np.float32)
    for number, source in enumerate(sources):
        held = [word.text for word in words(source.text)]
        places: dict[str, list[int]] = {}
        for place, word in enumerate(held):
            places.setdefault(word, []).append(place)
        for row, line in enumerate(told):
            found[row, number] = min(_longest(line, held, places, bits), _LONGEST_RUN) / 10
    return found


def _longest(
    line: Sequence[str], held: Sequence[str], places: Mapping[str, Sequence[int]], bits: Mapping[str, float]
) -> float:
    best = 0.0
    for at, word in enumerate(line[:-1]):
        for place in places.get(word, ()):
            length = 1
            while at + length < len(line) and place + length < len(held) and line[at + length] == held[place + length]:
                length += 1
            if length > 1:
                best = max(best, sum(bits[word] for word in line[at : at + length]))
    return best


def _bits(word: str, language: str) -> float:
    found = [max(clue.keys.values()) for clue in clues(word, language)]
    return max(found, default=_BITS_OF_A_STOP_WORD)
