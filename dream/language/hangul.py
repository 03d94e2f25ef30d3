"""Korean particles that agree with the word before them, and which language a text is in."""

from __future__ import annotations

import re

OPEN, NIEUN, RIEUL, BIEUP, SSANG_SIOT = 0, 4, 8, 17, 20
"""Final consonants by their number in a Hangul syllable; OPEN is none."""

_CLOSED = 1
_LETTER = re.compile(r"[^\W\d_]")
_ASIDE = re.compile(r"\s*[(\[（][^()\[\]（）]*[)\]）]\s*$")
# How a Latin word ends when it is read aloud in Korean: "castle" and "Pell" on ㄹ; "Bet", "Maren" and "ring" closed;
# "Grant" (그랜트) open.
_LATIN_RIEUL = re.compile(r"(?:l|[bcdfgkpstz]le)$", re.IGNORECASE)
_LATIN_CLOSED = re.compile(r"(?:[mn]|ng|ck|[aeiouy][bckpt])$", re.IGNORECASE)
_DIGIT_RIEUL, _DIGIT_CLOSED = "178", "036"


def with_particle(word: str, pair: str) -> str:
    """`word` and the form of the particle that its last sound asks for: with_particle("달", "을/를") is "달을".

    `pair` is the form after a consonant and the form after a vowel, such as "은/는", "이라/라" or "이/"; "으로/로" also
    agrees
    with a final ㄹ. What stands in brackets at the end of the word is passed over. Raises ValueError where `pair` has
    no "/".
    """
    closed, open_ = pair.split("/")
    last = final(word)
    if closed.startswith("으로") and last == RIEUL:
        return word + open_
    return word + (closed if last else open_)


def final(word: str) -> int:
    """The number of the last syllable's final consonant, OPEN for none; numerals and Latin words as they are read
    aloud.
    """
    bare = re.sub(r"[^\w]+$", "", _ASIDE.sub("", word))
    last = bare[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - 0xAC00) % 28
    if last.isdigit():
        return RIEUL if last in _DIGIT_RIEUL else _CLOSED if last in _DIGIT_CLOSED else OPEN
    if _LATIN_RIEUL.search(bare):
        return RIEUL
    return _CLOSED if _LATIN_CLOSED.search(bare) else OPEN


def language_of(text: str) -> str:
    """ "ko" where at least a quarter of the first letters are Hangul, else "en"."""
    letters = _LETTER.findall(text[:4000])
    hangul = sum("가" <= letter <= "힣" for letter in letters)
    return "ko" if letters and hangul * 4 >= len(letters) else "en"
