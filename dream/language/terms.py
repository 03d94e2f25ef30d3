"""The terms a text is indexed and compared by.

Latin words are folded and stemmed; runs of Hangul, Han and Kana become overlapping character bigrams, since most
Korean nouns have two
syllables and carry their particles with them.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import Stemmer


class Term(NamedTuple):
    """A term and the span of code points it was read from."""

    text: str
    start: int
    end: int


_CJK = "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_RUN = re.compile(rf"[{_CJK}]+|(?:(?![{_CJK}_])\w)+(?:['’](?:(?![{_CJK}_])\w)+)*")
_FIRST_CJK = "\u1100"
_IS_CJK = re.compile(rf"[{_CJK}]")
_stemmers = threading.local()  # a Snowball stemmer keeps state and is not for two threads at once

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be became because been before being below between
    both but by ca came can cannot come could did do does doing done down during each even ever every for from get go
    goes going gone got had has have having he her here hers herself him himself his how i if in into is it its
    itself just let like made make many may me might more most much must my myself no nor not now of off on once one
    only or other our ours out over own put said same say says shall she should so some still such take than that
    the their theirs them themselves then there these they this those though through till to too under until up upon
    us very was we well went were what when where which while who whom whose why will with within without wo would yet
    you your yours yourself story tale tell tells about
    """.split()
)


def terms(text: str) -> Iterator[Term]:
    """All terms of `text` in order, stop words included."""
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        if run < _FIRST_CJK or not _IS_CJK.match(run):
            yield Term(stem(run), start, match.end())
        elif len(run) == 1:
            yield Term(run, start, match.end())
        else:
            for offset in range(len(run) - 1):
                yield Term(run[offset : offset + 2], start + offset, start + offset + 2)


def content_terms(text: str) -> Iterator[Term]:
    """The terms of `text` that carry meaning: stop words left out."""
    return (term for term in terms(text) if carries_meaning(term, text))


def carries_meaning(term: Term, text: str) -> bool:
    """Whether a term of a text is none of the stop words."""
    return not _is_stop(text[term.start : term.end])


def is_word(term: str) -> bool:
    """Whether a term is a word of its own, and no pair of characters that shares one with the next."""
    return term < _FIRST_CJK or not _IS_CJK.match(term)


def unparted(text: str) -> frozenset[str]:
    """The words of `text` that are read as pairs of characters, whole."""
    return frozenset(run for run in _RUN.findall(text) if not is_word(run))


def marks(text: str, words: Collection[str]) -> list[Term]:
    """Where words stand in `text`, as a reader would mark them, in order: of a Latin word, whose stem is given, each
    form; of a word in another script as much of its beginning as stands there, where a word of the text begins with it,
    or where it is the whole of it or three characters. Where nothing is found like that, pairs of its characters.
    """
    begun: dict[str, list[str]] = {}
    for word in words:
        if not is_word(word):
            begun.setdefault(word[:2], []).append(word)
    found = []
    for match in _RUN.finditer(text):
        run = match.group()
        if is_word(run):
            if (term := stem(run)) in words:
                found.append(Term(term, match.start(), match.end()))
        elif begun:
            found.extend(_begun_in(run, match.start(), begun))
    if found or not begun:
        return found
    pairs = {word[at : at + 2] for word in words if not is_word(word) for at in range(len(word) - 1)}
    return [term for term in terms(text) if term.text in pairs]


def _begun_in(run: str, start: int, begun: Mapping[str, Sequence[str]]) -> Iterator[Term]:
    at = 0
    while at < max(len(run) - 1, 1):
        length = 0
        for word in begun.get(run[at : at + 2], ()):
            shared = _shared(run[at:], word)
            if at == 0 or shared > 2 or shared == len(word):
                length = max(length, shared)
        if length:
            yield Term(run[at : at + length], start + at, start + at + length)
        at += length or 1


def _shared(one: str, other: str) -> int:
    """How many characters the two begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A Latin word folded to lower case without accents or possessive, and stemmed."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    folded = re.sub(r"['’]s$", "", folded).replace("'", "").replace("’", "")
    stemmer = getattr(_stemmers, "english", None)
    if stemmer is None:
        stemmer = _stemmers.english = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(folded))


@lru_cache(maxsize=65536)
def _is_stop(word: str) -> bool:
    bare = word.casefold().replace("’", "'")
    return any(form in STOP_WORDS for form in (bare.removesuffix("'s"), bare.removesuffix("n't")))
