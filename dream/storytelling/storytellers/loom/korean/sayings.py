"""What is said in a text, short enough to be quoted, and by whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.data import either
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, split
from dream.storytelling.storytellers.loom.korean.statements import find_subject, is_human

_QUOTED = re.compile(r"“([^“”\n]{6,120})”|\"([^\"\n]{6,120})\"")
_SPEAKS = re.compile(either("speaks"))
_LOOSE = re.compile(r"^(?:그|이|저)\s|그건|이건|그게|이게|저기|여기|^예\b|^네\b|^응\b")


@dataclass(frozen=True, slots=True)
class Saying:
    words: str
    speaker: str = ""

    @property
    def asks(self) -> bool:
        return self.words.endswith("?")


def sayings(text: str, lexicon: Lexicon) -> list[Saying]:
    """The quotable sayings of a text: single sentences of a few words that need nothing said before."""
    found: list[Saying] = []
    for match in _QUOTED.finditer(text):
        words = (match[1] or match[2]).strip().rstrip(".,。")
        inner = " ".join(words.split())
        if (
            not 3 <= len(inner.split()) <= 14
            or len(sentences(inner)) != 1
            or re.search(r"[“”\"‘’]", inner)
            or _LOOSE.search(inner)
        ):
            continue
        found.append(Saying(inner, _speaker(text, match, lexicon)))
    return found


def _speaker(text: str, match: re.Match[str], lexicon: Lexicon) -> str:
    """Who says it, where the words right after or before the quotation name a person as its subject."""
    after = re.split(r"[.!?\n]", text[match.end() : match.end() + 60])[0]
    if not _SPEAKS.search(after):
        after = ""
    before = re.split(r"[.!?\n”]", text[max(0, match.start() - 80) : match.start()])[-1]
    for words in (after.split(), before.split()):
        at = find_subject(words, lexicon)
        if (
            at
            and is_human(split(words[at[1]])[0], lexicon)
            and split(words[at[1]])[0][:2] not in (match[1] or match[2])
        ):
            return " ".join([*words[at[0] : at[1]], split(words[at[1]])[0]])
    return ""
