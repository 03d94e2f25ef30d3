"""Words of a sentence as tokens, and what can be said of two texts by their words alone."""

from __future__ import annotations

import re
from functools import lru_cache

from dream.language.terms import content_terms

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*(?:(?<=s)['’](?= ))?|[,;:]")
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")
_OPENING = re.compile(r"(?<![^\s(\[—–])\"")
_OPENING_WITHIN = re.compile(r"(?<![^\s(\[—–“])'(?=[A-Z][^']*[,.?!]')")  # an apostrophe opens no sentence
_QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]")


def tokens(text: str) -> list[str]:
    """Words, and the commas, semicolons and colons between them."""
    return _TOKEN.findall(text)


def spelled(parts: list[str]) -> str:
    """Tokens as text again."""
    return re.sub(r" (?=[,;:])", "", " ".join(parts))


def straight(text: str) -> str:
    """The text with the quotation marks of a typewriter, which all sentences are made and compared with."""
    return text.translate(_STRAIGHT)


def typeset(text: str) -> str:
    """The text with the quotation marks of a book."""
    opened = _OPENING_WITHIN.sub("‘", _OPENING.sub("“", text))
    return opened.replace('"', "”").replace("'", "’")


def word_count(text: str) -> int:
    return len(text.split())


def folded(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


def unquoted(text: str) -> str:
    return _QUOTED.sub(" | ", text)


def longest_shared_run(text: str, source: str) -> int:
    """How many words in a row, outside quotation marks, `text` shares with `source`."""
    words = folded(source)
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    longest = 0
    for stretch in unquoted(text).split("|"):
        runs: dict[int, int] = {}
        for word in folded(stretch):
            runs = {at: runs.get(at - 1, 0) + 1 for at in places.get(word, ())}
            longest = max(longest, max(runs.values(), default=0))
    return longest


@lru_cache(maxsize=4096)
def content(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(term.text for term in content_terms(text))


def capitalised(text: str) -> str:
    """`text` with its first letter in upper case, also behind an opening quotation mark."""
    return re.sub(r"^[\"“'‘(]*[^\W\d_]", lambda match: match.group().upper(), text, count=1)


def article(noun: str) -> str:
    """The noun phrase with "a" or "an" before it."""
    silent = noun.lower().startswith(("hour", "heir", "honest", "honour", "honor"))
    hard = noun.lower().startswith(("one", "uni", "use", "eu", "once"))
    return f"an {noun}" if (noun[:1].lower() in "aeiou" and not hard) or silent else f"a {noun}"
