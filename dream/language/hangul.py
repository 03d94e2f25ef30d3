"""Korean particles that agree with the word before them, and which language a text is in."""

from __future__ import annotations

import re

_PAIRS = {
    "은/는": ("은", "는"), "이/가": ("이", "가"), "을/를": ("을", "를"), "과/와": ("과", "와"), "아/야": ("아", "야"),
    "이라/라": ("이라", "라"), "이었/였": ("이었", "였"), "이나/나": ("이나", "나"), "이여/여": ("이여", "여"), "이/": ("이", ""),
}  # fmt: skip
_RIEUL = 8
_LATIN_FINALS = re.compile(r"(?:[bcklmnpt]|ng|[136780])$", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def with_particle(word: str, pair: str) -> str:
    """`word` and the form of the particle that its last sound asks for: with_particle("달", "을/를") is "달을".

    `pair` is one of the known pairs, or "으로/로", which also agrees with a final ㄹ.
    """
    final = _final(word)
    if pair == "으로/로":
        return word + ("로" if final in (0, _RIEUL) else "으로")
    closed, open_ = _PAIRS[pair]
    return word + (closed if final else open_)


def _final(word: str) -> int:
    """The number of the last syllable's final consonant, 0 for none."""
    bare = re.sub(r"[^\w]+$", "", word)
    last = bare[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - 0xAC00) % 28
    if bare.endswith(("l", "L", "1", "7", "8")):
        return _RIEUL
    return 1 if _LATIN_FINALS.search(bare) else 0


def language_of(text: str) -> str:
    """"ko" where at least a quarter of the first letters are Hangul, else "en"."""
    letters = _LETTER.findall(text[:4000])
    hangul = sum("가" <= letter <= "힣" for letter in letters)
    return "ko" if letters and hangul * 4 >= len(letters) else "en"
