"""What can be lifted out of a fragment as it is: something said in it, something that lies about in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dream.storytelling.storytellers.loom.english.clauses import plain
from dream.storytelling.storytellers.loom.english.vocabulary import (
    function_words,
    is_adverb,
    is_past,
    is_portable,
    is_thing,
)
from dream.storytelling.storytellers.loom.english.words import article, content, tokens
from dream.storytelling.storytellers.loom.reading import Passage

_SPEECH = re.compile(r"(?:(?<=\s)|^)[\"“](?=[^\W\d_])([^\"“”\n]{8,140}?)(?<=\S)[\"”](?=\s|$)")
_CRY = re.compile(
    r"^(?:oh|ah|well|yes|no|why|alas|come|hush|now|sir|look|but|and|so|then|what|it's|it is|that|this|he|she|they)\b",
    re.IGNORECASE,
)
_NO_QUALITIES = frozenset(
    """
        same other own first last next whole very such more few own only single certain said latter former own
        second third second-hand""".split()
)
_UNCOUNTED = frozenset({"bread", "string", "thread"})
_LEAST_SAID, _MOST_SAID = 3, 11


@dataclass(frozen=True, slots=True)
class Saying:
    words: str
    passage: int

    def slots(self) -> dict[str, str]:
        """The words with the mark that ends a sentence, and with the one that goes before "said"."""
        bare = self.words.rstrip(" ,.;:-")
        kept = bare.endswith(("?", "!"))
        return {"quote_end": bare if kept else f"{bare}.", "quote_mid": bare if kept else f"{bare},"}


@dataclass(frozen=True, slots=True)
class Token:
    """Something one can hold: "a measure of lamp oil", later "the measure"."""

    first: str
    later: str
    passage: int


def sayings_in(passage: Passage) -> list[Saying]:
    """Whole sentences that are spoken in a fragment and may be quoted, in their order."""
    if not passage.quotable:
        return []
    found = []
    for match in _SPEECH.finditer(plain(passage.text).replace(" -- ", "--")):
        words = re.sub(r"\s+", " ", match.group(1)).strip()
        count = len(words.split())
        whole = words[:1].isupper() and words[-1:] in ".!?," and "--" not in words and not re.search(r"[.!?] ", words)
        whole = whole and sum(word.strip(".,!?").islower() for word in words.split()) >= 2
        if whole and not _CRY.match(words) and _LEAST_SAID <= count <= _MOST_SAID and len(content(words)) >= 2:
            found.append(Saying(words, passage.number))
    return found


def oddness(saying: Saying) -> float:
    """Low where the words mean something to one who does not know what they answered."""
    words = saying.words.split()
    named = sum(word[:1].isupper() for word in words[1:])
    return named + 1.5 * saying.words.endswith(("!", "?")) - 0.5 * min(6, len(content(saying.words)))


def tokens_in(passage: Passage) -> list[Token]:
    """Things in a fragment that can pass from hand to hand; those with a second word to know them by come first."""
    words = [word.lower() if at == 0 else word for at, word in enumerate(tokens(passage.text.replace("’", "'")))]
    found: dict[str, Token] = {}
    for at, word in enumerate(words):
        if not is_portable(word) or word in found:
            continue
        start = _start(words, at)
        if (
            start == at
            and words[at - 1 : at]
            and words[at - 1].lower() not in {"a", "an", "the", "his", "her", "their", "its", "my", "your"}
        ):
            continue
        behind = _behind(words, at)
        if start == at and not behind:
            continue
        phrase = " ".join([*words[start:at], word, *behind])
        first = f"some {phrase}" if word in _UNCOUNTED else article(phrase)
        found[word] = Token(first, f"the {word}", passage.number)
    return list(found.values())


def _start(words: list[str], at: int) -> int:
    """Where the qualities before a thing begin, `at` where it has none that can be trusted."""
    for back in (1, 2):
        if at - back - 1 < 0:
            return at
        before = words[at - back].lower()
        if (
            not words[at - back].islower()
            or before in function_words()
            or before in _NO_QUALITIES
            or is_adverb(before)
            or "'" in before
        ):
            return at
        if is_past(before) and not before.endswith("ed"):
            return at
        if words[at - back - 1].lower() in {"a", "an", "the", "his", "her", "their", "its"}:
            return at - back
    return at


def _behind(words: list[str], at: int) -> list[str]:
    """ "of lamp oil" behind "a measure"; [] where nothing simple follows."""
    if words[at + 1 : at + 2] != ["of"] or at + 2 >= len(words):
        return []
    noun = words[at + 2]
    ends = at + 3 >= len(words) or words[at + 3].lower() in function_words() or not words[at + 3][0].isalpha()
    sound = noun.islower() and noun.isalpha() and noun not in function_words()
    return ["of", noun] if sound and ends and (is_thing(noun) or len(noun) > 3) else []
