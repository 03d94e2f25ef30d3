"""Words that point outside their sentence."""

from __future__ import annotations

import re

from dream.storytelling.storytellers.loom.english.vocabulary import (
    being,
    function_words,
    is_determiner,
    is_past,
    is_person,
    is_plural,
)

_PERSONAL = frozenset("he she him her his hers himself herself".split())
_THING = frozenset("it its itself".split())
_MANY = frozenset("they them their theirs themselves".split())
_SPOKEN = frozenset(
    "i me my mine we us our ours you your yours myself ourselves yourself o lo alas oh ah yes shall".split()
)
_CONTRACTED = re.compile(r"(?:i|we|you)'\w+")
_DOES = frozenset("do does did done doing".split())
_POINTING = frozenset(
    """
        this these those such here now ago thus hence thence likewise former latter aforesaid thereof therein
        latterly yesterday tomorrow today""".split()
)
_DAYS = frozenset(
    "day days night morning evening time moment year hour way place kind sort same spot point season week".split()
)
_EXISTS = frozenset("was were is are had stood lived lay came has went".split())
_EVERYBODY = frozenset("everyone everybody nobody someone somebody anyone anybody people folk children".split())
_ANYBODY = _EVERYBODY - {"people", "folk", "children"}
_PREPOSITIONS = frozenset("at of by after on for from with to like in".split())
_FURTHER = frozenset("other others another too also both rest".split())
_ORDINAL = frozenset("other others latter former same rest first second third said".split())
_JOINTS = frozenset("who that which when while if because until where".split())
_NOT_LAST = frozenset("one so then there same do did done too was were had could would".split())


def dangles(words: list[str], names: frozenset[str]) -> bool:
    """Whether any word stands for something that only an earlier sentence named."""
    person = thing = many = False
    for at, word in enumerate(words):
        low = word.lower()
        if (
            _points(words, at)
            or (low in _PERSONAL and not person)
            or (low in _THING and not thing)
            or (low in _MANY and not many)
        ):
            return True
        before = words[at - 1].lower() if at else ""
        earlier = words[at - 2].lower() if at > 1 else ""
        person = person or word in names or low in _ANYBODY or being(low) not in {None, "they"}
        many = (
            many
            or low in _EVERYBODY
            or low == "and"
            or is_plural(low)
            or (low.endswith("s") and len(low) > 3 and not is_person(low))
        )
        noun = low not in names and not is_person(low) and not is_past(low)
        thing = thing or (noun and (is_determiner(before) or is_determiner(earlier)))
    return words[-1].lower() in _NOT_LAST or _someone_else(words, names)


def _someone_else(words: list[str], names: frozenset[str]) -> bool:
    """Whether a pronoun must stand for another than the one person named: "Josiah stood in front of her"."""
    low = [word.lower() for word in words]
    people = [
        at
        for at, word in enumerate(words)
        if being(low[at]) not in {None, "they"} or (word in names and words[at - 1] not in names)
    ]
    if len(people) > 1:
        return False
    genders = {being(low[at]) for at in people if words[at] not in names}
    male, female = bool(set(low) & {"he", "him", "his"}), bool(set(low) & {"she", "her", "hers"})
    if (male and (female or genders == {"she"})) or (female and genders == {"he"}):
        return True
    joint = next((at for at, word in enumerate(low) if word in _JOINTS and people and at > people[0]), len(low))
    return any(
        low[at] in {"him", "her", "them"}
        and (is_past(low[at - 1]) or low[at - 1] in {"to", "of", "for", "at"})
        and (at + 1 == len(low) or low[at + 1] in function_words() or not low[at + 1][0].isalpha())
        for at in range(1, min(joint, len(low)))
    )


def _points(words: list[str], at: int) -> bool:
    """Whether the word at `at` points out of the sentence by itself: "this", "the other", "on that", "there it lay"."""
    low = words[at].lower()
    before = words[at - 1].lower() if at else ""
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    return (
        low in _SPOKEN
        or _CONTRACTED.fullmatch(low) is not None
        or (low == "so" and before in _DOES)
        or (low == "done" and before == "had" and not following[:1].isalpha())
        or low in _POINTING
        or (low == "and" and not following)
        or (low == "there" and following not in _EXISTS)
        or (low == "that" and (following in _DAYS or before in _PREPOSITIONS or not following))
        or (low in _FURTHER and at < 3)
        or (low == "the" and following in _ORDINAL)
    )
