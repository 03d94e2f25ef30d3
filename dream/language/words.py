"""Words as a reader counts them (Korean: 어절), and what a Korean word holds beside its particles and endings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from dream.language.hangul import BIEUP, NIEUN, RIEUL, SSANG_SIOT

_WORD = re.compile(r"[^\s—–]+?(?=--|[\s—–]|$)")
_LETTER = re.compile(r"[^\W_]")
_FOLDED = str.maketrans("’‘", "''")
_HANGUL = re.compile(r"[가-힣]+")
_MIEUM = 16
_OPENED = {NIEUN, RIEUL, _MIEUM, BIEUP, SSANG_SIOT}  # finals that an ending leaves on a verb's last syllable


class Word(NamedTuple):
    """A word in lower case without the punctuation around it, and its span of code points."""

    text: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """All words of `text` in order. Dashes part words, hyphens and apostrophes do not."""
    for match in _WORD.finditer(text):
        letters = [letter.start() for letter in _LETTER.finditer(match.group())]
        if letters:
            bare = match.group()[letters[0] : letters[-1] + 1]
            start = match.start() + letters[0]
            yield Word(bare.casefold().translate(_FOLDED), start, start + len(bare))


@lru_cache(maxsize=65536)
def korean_stems(word: str) -> tuple[str, ...]:
    """What a Korean word may be once its particles or endings are off, itself first: 등불이 is 등불이 or 등불.

    Nothing decides which reading is right, since that takes a dictionary; words that share one may be the same word.
    A word in other letters is its own only stem.
    """
    if not _HANGUL.fullmatch(word):
        return (word,)
    stems = {word: None}  # a set that keeps its order
    for _ in range(2):
        stems |= {shorter: None for stem in list(stems) for shorter in _shortened(stem)}
    stems |= {opened: None for stem in list(stems) if (opened := _opened(stem))}
    return tuple(stems)


def _shortened(stem: str) -> Iterator[str]:
    """The stem without each of the particles and endings that it may end in."""
    for start in range(1, len(stem)):
        if stem[start:] in _endings():
            yield stem[:start]


def _opened(stem: str) -> str | None:
    """The stem with its last syllable laid open, where that ends as a verb's does before an ending: 갔 is 가."""
    final = (ord(stem[-1]) - 0xAC00) % 28
    return stem[:-1] + chr(ord(stem[-1]) - final) if final in _OPENED else None


@cache
def _endings() -> frozenset[str]:
    lines = (files(__package__) / "endings.ko.txt").read_text("utf-8").splitlines()
    return frozenset(ending for line in lines if not line.startswith("#") for ending in line.split())
