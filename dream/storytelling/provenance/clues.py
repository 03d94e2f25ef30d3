"""What a sentence's words say about where it comes from: the rarer a word, the more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dream.language.terms import content_terms
from dream.language.words import korean_stems, words

# Bits of surprise of a stem that the table of common ones lacks: English any, Korean by its syllables.
_RARE_ENGLISH = 8.0
_RARE_KOREAN = {1: 5.0, 2: 7.0, 3: 8.0}
_RAREST_KOREAN = 8.5
_WITHIN = 0.6  # what two syllables inside a longer Korean stem count, as 소금 in 소금장수


@dataclass(frozen=True, slots=True)
class Clue:
    """A word of the text, `text[start:end]`: the keys that another word may share with it, and the bits of each."""

    start: int
    end: int
    keys: dict[str, float]


def clues(text: str, language: str) -> Iterator[Clue]:
    """The words of `text` that carry meaning, in order."""
    if language == "ko":
        for word in words(text):
            yield Clue(word.start, word.end, _korean(word.text))
    else:
        common = _common("en")
        for term in content_terms(text):
            yield Clue(term.start, term.end, {term.text: common.get(term.text, _RARE_ENGLISH)})


def _korean(word: str) -> dict[str, float]:
    common = _common("ko")
    keys: dict[str, float] = {}
    for stem in korean_stems(word):
        keys[stem] = min(_RARE_KOREAN.get(len(stem), _RAREST_KOREAN), common.get(stem, _RAREST_KOREAN))
    for stem in list(keys):
        for pair in (stem[at : at + 2] for at in range(len(stem) - 1) if len(stem) > 2):
            keys.setdefault(pair, _WITHIN * min(_RARE_KOREAN[2], common.get(pair, _RAREST_KOREAN)))
    return keys


@cache
def _common(language: str) -> dict[str, float]:
    """Bits of surprise by stem; how they were counted stands in benchmarks.provenance.count."""
    table = (files(__package__) / "common" / f"{language}.txt").read_text("utf-8")
    return {stem: float(bits) for stem, bits in (line.split(" ") for line in table.splitlines())}
