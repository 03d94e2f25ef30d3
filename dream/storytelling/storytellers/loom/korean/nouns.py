"""Korean words: a noun and its particle taken apart, and what kind of thing a noun names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

from dream.language.hangul import OPEN, RIEUL, final, with_particle
from dream.storytelling.storytellers.loom.korean.data import either, load
from dream.storytelling.storytellers.loom.korean.data import words as listed

_HUMAN_ACT = re.compile(either("human_acts"))
_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


class Noun(str):
    """A noun phrase that takes the particle its last sound asks for: f"{Noun('연이'):은/는}" is "연이는"."""

    __slots__ = ()

    def __format__(self, pair: str) -> str:
        return with_particle(str(self), pair) if "/" in pair else str(self) + pair


def bare(word: str) -> str:
    """A word without the punctuation around it."""
    return _PUNCTUATION.sub("", word)


@lru_cache(maxsize=65536)
def split(word: str) -> tuple[str, str]:
    """A word as noun and particle, ("연이", "는"); the particle is "" where none that agrees is found."""
    word = bare(word)
    for particle in _endings():
        noun = word.removesuffix(particle)
        if noun != word and noun and _agrees(noun, particle):
            return noun, particle
    return word, ""


@cache
def kind(noun: str) -> str:
    """The class of a noun in nouns.yaml, judged by how it ends; "places?" for a likely one, "" where unknown."""
    held = _kinds()
    if noun in held:
        return held[noun]
    for start in range(1, len(noun) - 1):
        if (found := held.get(noun[start:])) and found != "vague":
            return found
    if len(noun) in (2, 3, 4) and any(noun.endswith(end) for end in load("nouns")["place_ends"].split()):
        return "places?"
    return ""


class Lexicon:
    """What a set of texts shows to be nouns, and which of them to be persons, by the particles they carry."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._nouns: Counter[str] = Counter()
        self._persons: Counter[str] = Counter()
        self._subjects: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            self._read(text.split())

    def _read(self, words: list[str]) -> None:
        before = ""
        for at, word in enumerate(words):
            noun, particle = split(word)
            if particle in listed("hard") and _is_hangul(noun):
                self._nouns[noun] += 1
                self._persons[noun] += particle in listed("personal")
            if particle in ("은", "는", "이", "가") and _is_hangul(noun):
                # Whoever speaks, laughs or sits down is somebody; so is whoever bears a title.
                self._persons[noun] += kind(before) == "people" or _acts_humanly(words[at + 1 : at + 9])
                self._subjects[noun] += 1
            self._pairs[before, noun] += 1
            before = word

    def is_noun(self, noun: str) -> bool:
        known = kind(noun)
        if known not in ("", "vague", "places?"):
            return True
        return (
            len(noun) > 1
            and known != "vague"
            and (self._nouns[noun] > 0 or (self._subjects[noun] > 1 and self._persons[noun] > 0))
        )

    def is_person(self, noun: str) -> bool:
        return kind(noun) in ("people", "animals") or (
            len(noun) > 1 and kind(noun) == "" and (self._persons[noun] > 0 or noun.endswith(("씨", "댁")))
        )

    def pair(self, before: str, noun: str) -> bool:
        """Whether `before` belongs to the name, as in "막동 할아범"."""
        return _is_hangul(before) and self._pairs[before, noun] > 1


def _agrees(noun: str, particle: str) -> bool:
    last = final(noun)
    if particle in listed("after_closed"):
        return last != OPEN and not (particle.startswith("으로") and last == RIEUL)
    if particle in listed("after_open"):
        return last == OPEN or (particle in ("로", "로는") and last == RIEUL)
    return True


def _acts_humanly(words: list[str]) -> bool:
    """Whether the words up to the sentence's end hold something only people do."""
    for word in words:
        if _HUMAN_ACT.match(word):
            return True
        if word.endswith((".", "?", "!", "”")):
            return False
    return False


def _is_hangul(word: str) -> bool:
    return bool(re.fullmatch(r"[가-힣]+", word))


@cache
def _endings() -> tuple[str, ...]:
    return tuple(sorted(listed("after_any") | listed("after_closed") | listed("after_open"), key=len, reverse=True))


@cache
def _kinds() -> dict[str, str]:
    held = load("nouns")
    return {
        noun: name
        for name in ("scenery", "vague", "things", "places", "animals", "kin", "people")
        for noun in held[name].split()
    }
