"""What every sentence must pass before it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.matter import Matter
from dream.storytelling.storytellers.loom.korean.nouns import bare, split

COPIED_WORDS = 12
"""A run of this many words of a passage is a copy, quotations aside."""

_TWICE_SELF = re.compile(r"자기(?:가|들이) (?:자기|제 )")
_QUOTED = re.compile(r"“[^”]*”")


class Gate:
    """Knows the passages and what has been told."""

    def __init__(self, matters: Iterable[Matter], told: str, own: str) -> None:
        """`own` holds the words that belong to the story itself: its premise, hero and place."""
        matters = list(matters)
        self._said = {_plain(told[span.start : span.end]) for span in sentences(told)}
        self._runs = {run for matter in matters for run in _runs(matter.passage.text)}
        self._words = {matter.number: frozenset(_nouns(matter.passage.text)) for matter in matters}
        self._names = {name for matter in matters for name in _names(matter) if name not in own}
        self._own = frozenset(_nouns(own))

    def fits(self, text: str, passage: int | None, mentions: int = 0) -> bool:
        """Whether `text` is one new, whole sentence, copies no run, and leans on its passage.

        Without a passage it may name at most `mentions` of what stands in them.
        """
        if (
            _plain(text) in self._said
            or len(sentences(text)) != 1
            or text.count("“") != text.count("”")
            or "  " in text
            or _TWICE_SELF.search(text)
        ):
            return False
        if any(run in self._runs for run in _runs(_QUOTED.sub("|", text))):
            return False
        nouns = set(_nouns(text)) - self._own
        if passage is not None:
            return len(nouns & self._words.get(passage, frozenset())) > 1
        # A sentence of the story's own should not sound like any passage either.
        alike = max((len(nouns & words) for words in self._words.values()), default=0)
        return alike <= 1 + 2 * mentions and sum(name in text for name in self._names) <= mentions

    def keep(self, text: str) -> None:
        self._said.add(_plain(text))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _runs(text: str) -> Iterable[str]:
    words = [bare(word) for word in text.split()]
    return (" ".join(words[at : at + COPIED_WORDS]) for at in range(len(words) - COPIED_WORDS + 1))


def _nouns(text: str) -> Iterable[str]:
    """The words of a text without their particles and last endings, as far as they can be told apart."""
    for word in text.split():
        noun = split(word)[0]
        if len(noun) > 1:
            yield noun[:3]


def _names(matter: Matter) -> Iterable[str]:
    named = [*matter.things, *matter.places, *(clause.subject for clause in matter.clauses)]
    return {name.split()[-1] for name in named if len(name.split()[-1]) > 1}
