"""A reader's present tense as a teller's past: "follows a bell" becomes "followed a bell"."""

from __future__ import annotations

from dream.storytelling.storytellers.loom.english.vocabulary import (
    being,
    function_words,
    guessed_base,
    is_adverb,
    is_base_verb,
    is_determiner,
    is_past,
    is_thing,
    past,
    preposition,
    third_person_base,
)  # fmt: skip

_AUXILIARIES = {
    "is": "was", "are": "were", "has": "had", "have": "had", "does": "did", "do": "did", "can": "could",
    "cannot": "could not", "will": "would", "may": "might", "isn't": "wasn't", "aren't": "weren't", "hasn't": "hadn't",
    "haven't": "hadn't", "doesn't": "didn't", "don't": "didn't", "can't": "couldn't", "won't": "wouldn't",
    "cant": "could not", "wont": "would not",
    "dont": "did not", "doesnt": "did not",
}  # fmt: skip
_MODALS = frozenset(
    """
        to can could will would shall should may might must did does do cannot can't couldn't won't wouldn't didn't
        doesn't not never""".split()
)
_LINKS = frozenset(
    "and but or then who which that he she it they so when until while before after because as if where , ;".split()
)
_SPEAKERS = frozenset("i me my mine we us our ours you your yours myself i'm i've you're we're".split())


def speaks(words: list[str]) -> bool:
    """Whether the words are said by someone of themselves, or to someone."""
    return any(word.lower() in _SPEAKERS for word in words)


def starts_predicate(words: list[str], at: int, *, plural: bool) -> bool:
    """Whether a finite verb stands at `at`, given that a subject came before."""
    word = words[at].lower()
    if word in _AUXILIARIES or word in {"was", "were", "had", "could", "would", "did", "must"}:
        return True
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    if plural and is_base_verb(word):
        return not preposition(word) or following in function_words()
    if not plural and third_person_base(word):
        return True
    return is_past(word) and following not in {"by", "as", "among"}


def starts_unknown_predicate(words: list[str], at: int) -> bool:
    """Whether an unknown form in -s, right behind a subject, must be its verb."""
    while at < len(words) - 1 and is_adverb(words[at].lower()):
        at += 1
    word = words[at].lower()
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    return (
        bool(guessed_base(word))
        and being(word) is None
        and (not is_thing(word[:-1]) or is_determiner(following))
        and (not following or following[0].isalpha())
    )


def in_past(words: list[str], *, plural: bool = False) -> list[str] | None:
    """The predicate `words` in the past tense; None where that can't be trusted."""
    if not words or speaks(words) or "?" in words:
        return None
    lead = next((at for at, word in enumerate(words) if not is_adverb(word.lower()) and word.lower() != "no"), 0)
    first = words[lead].lower()
    if first not in _AUXILIARIES and is_past(first):
        return words
    shifted = [_shifted(words, at, first=at == lead, plural=plural) for at in range(len(words))]
    return None if shifted[lead] == words[lead] and first != "must" else shifted


def clause_in_past(words: list[str]) -> list[str]:
    """A whole clause with its finite verbs in the past, as far as they are recognised."""
    return [_shifted(words, at, first=False, plural=False) for at in range(len(words))]


def _shifted(words: list[str], at: int, *, first: bool, plural: bool) -> str:
    """The word at `at` in the past, where it is a finite verb."""
    low, before = words[at].lower(), words[at - 1].lower() if at else ""
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    if low == "must" and before != "to":
        return "could" if following == "not" else "had to"
    if low in _AUXILIARIES and not (low in {"have", "do"} and before in _MODALS):
        return _AUXILIARIES[low]
    if is_base_verb(low) and _bare_finite(words, at, first=first, plural=plural):
        return past(low)
    known = third_person_base(low)
    whose = at > 1 and words[at - 2].lower() == "whose"
    certain = (
        first
        or (before in {"and", "he", "she", "it", "who"} and following in function_words() and not is_thing(low[:-1]))
        or before in {"that", "which"}
    )
    base = known if known and (first or whose or _finite(before, following)) else guessed_base(low) if certain else ""
    return past(base) if base and (known or being(low) is None) else words[at]


def _bare_finite(words: list[str], at: int, *, first: bool, plural: bool) -> bool:
    """Whether a base form is finite here: "two kings want", "people who sell", "they share a loom and never speak"."""
    before = words[at - 1].lower() if at else ""
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    if before == "who":
        return not preposition(words[at].lower())
    if not plural or first:
        return plural
    joined = at > 1 and is_adverb(before) and words[at - 2].lower() == "and"
    return joined or (before == "and" and (is_determiner(following) or following in {"him", "her", "it", "them"}))


def _finite(before: str, following: str) -> bool:
    """Whether a form in -s between these two words is a verb rather than a plural."""
    if before in _LINKS or (is_adverb(before) and before not in {"last", "first", "all", "both"}):
        return True
    if (
        (is_determiner(following) or following in {"him", "her", "it", "them"})
        and before
        and before[0].isalpha()
        and before not in function_words()
    ):
        return True
    noun = being(before) is not None or is_thing(before) or bool(preposition(before))
    return noun and (following in function_words() or is_adverb(following) or not following)
