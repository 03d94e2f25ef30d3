"""The one thing that a premise turns on, as something a hero can ask after: "the far bank", "the bell", "love"."""

from __future__ import annotations

from dream.storytelling.storytellers.loom.english.vocabulary import (
    being,
    function_words,
    guessed_base,
    is_adverb,
    is_past,
    is_plural,
    is_thing,
    preposition,
    third_person_base,
)
from dream.storytelling.storytellers.loom.english.words import spelled

_ARTICLES = frozenset({"a", "an", "the"})
_EQUALS = tuple([word] for word in "be is was were been become became becomes".split())
_VAGUE = frozenset(
    """
        day days night time moment way thing things one kind sort end lot bit while year years week story reason
        matter fact name back""".split()
)


def theme_in(words: list[str], hero: str) -> str:
    """The first thing that is named here with an article and plain words; "" where there is none, or only the hero's
    like."""
    for at, word in enumerate(words):
        if word.lower() in _ARTICLES and words[at - 1 : at] not in _EQUALS:
            end = _end(words, at + 1)
            phrase = words[at + 1 : end]
            if end < len(words) and words[end].lower().endswith("'s"):
                continue
            if phrase and _sound(phrase, hero):
                of = words[end : end + 2] if words[end : end + 1] == ["of"] and _closes(words, end + 2) else []
                return spelled(["the", *phrase, *of])
    if len(words) == 1 and words[0].isalpha() and not words[0].isupper() and words[0].lower() not in function_words():
        return f"the {words[0].lower()}" if is_thing(words[0].lower()) or preposition(words[0]) else words[0]
    return ""


def _end(words: list[str], start: int) -> int:
    """The end of the noun phrase: before a word that only joins, a mark, or a verb."""
    end = start
    while end < len(words) and end - start < 4:
        low = words[end].lower()
        if low in function_words() or not low[0].isalpha() or (end > start and is_past(low)) or low.endswith("'s"):
            break
        if (
            end > start
            and guessed_base(low)
            and end + 1 < len(words)
            and (
                words[end + 1].lower() in function_words()
                or is_adverb(words[end + 1].lower())
                or (not words[end + 1][0].isalpha() and bool(third_person_base(low)))
            )
        ):
            break
        if end > start and low.endswith("ing") and being(low) is None and not is_thing(low):
            break
        end += 1
    return end


def _closes(words: list[str], end: int) -> bool:
    """Whether a single plain noun stands before `end` and the phrase is over there: "of life"."""
    if end > len(words) or words[end - 1].lower() in function_words():
        return False
    return end == len(words) or words[end].lower() in function_words() or not words[end][0].isalpha()


def _sound(phrase: list[str], hero: str) -> bool:
    last = phrase[-1].lower()
    plain = all(word.replace("-", "").isalpha() for word in phrase) and len(phrase) <= 3
    return (
        plain
        and last not in _VAGUE
        and not is_plural(last)
        and not is_adverb(last)
        and last not in hero.lower()
        and being(last) in (None, "", "he", "she")
    )
