"""Whom "he" and "she" stand for in a fragment, as far as its words say."""

from __future__ import annotations

import re

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.english.cutting import LEADS
from dream.storytelling.storytellers.loom.english.vocabulary import Gender, being, is_person, preposition
from dream.storytelling.storytellers.loom.english.words import tokens

TITLES: dict[Gender, tuple[str, ...]] = {
    "she": ("Mrs", "Miss", "Queen", "Princess", "Widow", "Mother", "Lady", "Aunt", "Mistress", "Dame"),
    "he": ("Mr", "King", "Prince", "Father", "Lord", "Sir", "Uncle", "Master"),
}
_OWN: dict[Gender, frozenset[str]] = {
    "he": frozenset({"he", "him", "his", "himself"}),
    "she": frozenset({"she", "her", "hers", "herself"}),
}
_SOMEONE = {"he": "man", "she": "woman"}
_PRONOUNS = frozenset("he she his her him they their them".split())
_LEADING_TO = frozenset("in at of from to near toward towards for beyond off through between into round past".split())
_REACH = 9


class People:
    """The people of one fragment. `follow` each sentence in turn; `resolved` then reads the next one."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._names = names
        self._focus = ""
        self._met: set[str] = set()
        self._known = self._mentioned(text)
        self._genders = self._told_apart(text)

    def follow(self, sentence: str, subject: str) -> None:
        """Takes note of a sentence that was read; `subject` is the person it is about, "" where that is open."""
        others = self._count(re.sub(r'"[^"]*"?', " ", sentence))
        if subject:
            self._focus = re.sub(r"^(?:An?|One|Another)\s", "the ", subject) if others <= 1 else ""
        elif others:
            self._focus = ""

    def resolved(self, words: list[str]) -> tuple[list[str], bool]:
        """The words with their first "he", "she" or "they" as the person it stands for, and whether one was found."""
        for at, word in enumerate(words[:_REACH]):
            low = word.lower()
            opened = at == 0 or words[0].lower() in LEADS
            if opened and (low in {"he", "she"} or (low == "they" and at == 0)):
                person = self._person(low)
                return [*words[:at], *tokens(person if at else person[:1].upper() + person[1:]), *words[at + 1 :]], True
            if word in self._names or is_person(low) or low in _PRONOUNS:
                break
        return words, False

    def _person(self, pronoun: str) -> str:
        if self._focus and self._agrees(pronoun, self._focus):
            return self._focus
        if pronoun == "they":
            return "some people"
        fit = [person for person in self._known if self._agrees(pronoun, person)]
        if len(fit) == 1:
            return fit[0]
        # Who it is can't be told; what is told of them can.
        first = pronoun not in self._met
        self._met.add(pronoun)
        return f"{'a' if first else 'the'} {_SOMEONE[pronoun]}"

    def _agrees(self, pronoun: str, person: str) -> bool:
        last = person.rsplit(maxsplit=1)[-1]
        gender = being(last) or self._genders.get(last)
        if pronoun == "they" or gender == "they":
            return pronoun == gender
        return gender in {pronoun, "", None} and not person.startswith(TITLES["he" if pronoun == "she" else "she"])

    def _told_apart(self, text: str) -> dict[str, Gender]:
        """The names that a sentence speaks of alone, each with the one pronoun that it takes there."""
        found: dict[str, set[Gender]] = {}
        for span in sentences(text):
            words = tokens(re.sub(r'"[^"]*"?', " ", text[span.start : span.end]))
            named = {word.removesuffix("'s") for word in words if word in self._names}
            low = {word.lower() for word in words}
            told: list[Gender] = [one for one, words_of in _OWN.items() if low & words_of]
            if len(named) == 1 and len(told) == 1 and not any(being(word) in {"he", "she"} for word in low):
                found.setdefault(named.pop(), set()).update(told)
        return {name: next(iter(genders)) for name, genders in found.items() if len(genders) == 1}

    def _count(self, sentence: str) -> int:
        words = [word for word in tokens(sentence) if word[0].isalpha()]
        named = sum(word in self._names and not (at and words[at - 1] in self._names) for at, word in enumerate(words))
        return named + sum(is_person(word) for word in words if word.islower())

    def _mentioned(self, text: str) -> set[str]:
        """Everyone the fragment names or points at: names in full, and "the" with a person."""
        words = tokens(text)
        found: set[str] = set()
        places: set[str] = set()
        at = 0
        while at < len(words):
            end = at
            while end < len(words) and words[end] in self._names:
                end += 1
            if end > at and words[end - 1].endswith("'s"):
                pass  # whose something is, not who
            elif end > at:
                led = at > 0 and words[at - 1].lower() in _LEADING_TO
                (places if led or preposition(words[end - 1]) else found).add(" ".join(words[at:end]))
            elif words[at].islower() and being(words[at]) not in {None, "they"}:
                found.add(f"the {words[at]}")
            at = max(end, at + 1)
        return {name for name in found - places if not any(name != other and name in other for other in found)}
