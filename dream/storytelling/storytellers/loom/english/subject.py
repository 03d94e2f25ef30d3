"""The subject of a premise's first clause: who it is about, what is said of them, what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dream.storytelling.storytellers.loom.english.tense import (
    clause_in_past,
    in_past,
    speaks,
    starts_predicate,
    starts_unknown_predicate,
)
from dream.storytelling.storytellers.loom.english.vocabulary import (
    Gender,
    being,
    function_words,
    is_base_verb,
    is_determiner,
    is_past,
    is_plural,
    is_thing,
    known_nouns,
    singular,
    third_person_base,
)  # fmt: skip
from dream.storytelling.storytellers.loom.english.words import article, spelled

_RELATIVES = frozenset({"who", "that", "which"})
_COUNTS = frozenset("two three four five six seven eight nine ten twelve twin several some many both".split())
_LEADS = frozenset("for to after before without during".split())
_REACH = 9


@dataclass(frozen=True, slots=True)
class Subject:
    """`said` is the whole first mention ("a ferryman who had forgotten the far bank"), `deed` what follows it, in the
    past."""

    first: str
    name: str
    gender: Gender
    plural: bool
    proper: bool
    said: list[str]
    deed: list[str]


def subject_of(words: list[str]) -> Subject | None:
    """The subject in these words; None where none can be trusted."""
    while words and words[-1] in {",", ";", ":"}:
        words = words[:-1]
    if (
        len(words) > 3
        and words[0][:1].isupper()
        and words[1] == "the"
        and being(words[0]) is None
        and being(words[2]) is not None
        and _proper(words)
    ):
        return _of_name(words, _proper(words))
    end = _head(words)
    if end:
        return _of_kind(words, end)
    end = _proper(words)
    return _of_name(words, end) if end else _behind_comma(words)


def _behind_comma(words: list[str]) -> Subject | None:
    """ "Starved by her stepmother, a princess escapes": the phrase in front is said of the one behind; others go with
    the deed."""
    lead_word = words[0].lower() if words else ""
    if "," not in words[:18] or not (lead_word.endswith("ed") or lead_word in _LEADS):
        return None
    comma = words.index(",")
    end = _head(words[comma + 1 :])
    if not end or not is_determiner(words[comma + 1].lower()):
        return None
    found = _of_kind(words[comma + 1 :], end)
    lead = [words[0].lower(), *words[1:comma]]
    if found is None or not found.deed or lead_word not in _LEADS:
        return found and replace(found, said=[*found.said, ",", *lead])
    return replace(found, deed=[*found.deed, ",", *lead])


def _head(words: list[str]) -> int:
    """The end of a leading phrase whose head is a being: "an old ferryman", 0 where there is none."""
    if words and words[0].lower() in function_words() and not is_determiner(words[0].lower()):
        return 0
    for at, word in enumerate(words[:_REACH]):
        low = word.lower()
        following = words[at + 1].lower() if at + 1 < len(words) else ""
        if following == "who" and at and low not in function_words():
            return at + 1
        if (
            being(low) is not None
            and (word.islower() or at == 0)
            and (being(following) is None or third_person_base(following))
        ):
            verb = at == 0 and third_person_base(low) and is_determiner(following)
            return 0 if verb else at + 1
        if _ends_phrase(words, at):
            return 0
    return 0


def _ends_phrase(words: list[str], at: int) -> bool:
    """Whether no head can follow the word at `at`: a mark, a word that only joins, a verb."""
    low, before = words[at].lower(), words[at - 1].lower() if at else ""
    joins = (
        at > 0 and low in function_words() and low not in {"of", "own"} and not (is_determiner(low) and before == "of")
    )
    verb = at > 0 and is_past(low) and not low.endswith("ed") and before not in {"a", "an", "the"}
    return not low[0].isalnum() or joins or verb


def _proper(words: list[str]) -> int:
    """The end of a leading name, 0 where the first word is no name."""
    end = 0
    while (
        end < min(4, len(words))
        and words[end][:1].isupper()
        and words[end].isalpha()
        and not (len(words[end]) > 3 and words[end].isupper())
    ):
        end += 1
    if not end or end == len(words):
        return 0
    first = words[0].lower()
    if end == 1 and (
        first in function_words()
        or first in known_nouns()
        or is_plural(first)
        or is_base_verb(first)
        or first.endswith("ing")
    ):
        return 0
    if first in function_words():
        return 0
    after = words[end]
    if after.lower() in _RELATIVES or after == "," or starts_predicate(words, end, plural=False):
        return end
    if after == "the" and end + 1 < len(words) and being(words[end + 1]) is not None:
        return end + 2
    return 0


def _of_name(words: list[str], end: int) -> Subject | None:
    name = spelled(words[:end])
    gender: Gender = (being(words[end - 1]) or "") if words[end - 1].islower() else ""
    short = name.split(" the ")[0]
    said, deed = _parted(words, end, plural=False)
    return None if speaks(said + deed) else Subject(name, short, gender, False, True, said, deed)


def _of_kind(words: list[str], end: int) -> Subject | None:
    phrase = [word if at else word.lower() for at, word in enumerate(words[:end])]
    head = phrase[-1].lower()
    chosen = "of" in phrase and (
        phrase[0] == "one" or any(word.endswith("st") for word in phrase[: phrase.index("of")])
    )
    plural = not chosen and (is_plural(head) or being(head) == "they" or phrase[0] in _COUNTS)
    joined = _joined(words, end)
    if joined:
        end, plural = joined, True
        phrase = [words[0].lower(), *words[1:end]]
    if speaks(phrase):
        return None
    named = _called(words, end)
    said, deed = _parted([*phrase, *words[end:]], named or end, plural=plural)
    if speaks(said + deed):
        return None
    if named:
        name = spelled(words[end + 1 : named])
        return Subject(spelled(phrase), name, being(head) or "", False, True, _indefinite(said), deed)
    first, name = spelled(_indefinite(phrase)), _definite(phrase)
    if chosen:
        head = singular(head)
        name = f"the {head}" if phrase[0] == "one" else f"the {phrase[phrase.index('of') - 1]} {head}"
    return Subject(first, name, "they" if plural else being(head) or "", plural, False, _indefinite(said), deed)


def _joined(words: list[str], end: int) -> int:
    """The end of "... and a crow" behind a first being, 0 where none follows."""
    if end + 1 < len(words) and words[end].lower() == "and":
        for at in range(end + 1, min(end + 5, len(words))):
            low = words[at].lower()
            if being(low) is not None and not third_person_base(low):
                return at + 1
            if low in function_words() and not is_determiner(low):
                return 0
    return 0


def _called(words: list[str], end: int) -> int:
    if end + 1 < len(words) and words[end].lower() in {"named", "called"} and words[end + 1][:1].isupper():
        at = end + 1
        while at < len(words) and words[at][:1].isupper():
            at += 1
        return at
    return 0


def _parted(words: list[str], end: int, *, plural: bool) -> tuple[list[str], list[str]]:
    """The first mention with what is said of the subject, and what the subject then does; both in the past."""
    verb = _main_verb(words, end, plural=plural)
    said, deed = words[:verb], words[verb:]
    while said and said[-1] in {",", ";", ":"}:
        said = said[:-1]
    shifted = in_past(deed, plural=plural) if deed else []
    if shifted is None:
        shifted = []
    about = clause_in_past(said[end:])
    if about[:1] and about[0].lower() in _RELATIVES:
        about = [about[0], *(in_past(said[end + 1 :], plural=plural) or about[1:])]
    return [*said[:end], *about], shifted


def _main_verb(words: list[str], end: int, *, plural: bool) -> int:
    relative = end < len(words) and words[end].lower() in {*_RELATIVES, "whose"}
    seen_verb = False
    for at in range(end, len(words)):
        before = words[at - 1].lower()
        if (
            at == end
            and (not plural or being(words[end - 1]) == "they")
            and not relative
            and starts_unknown_predicate(words, at)
        ):
            return at
        if (
            not starts_predicate(words, at, plural=plural)
            or is_determiner(before)
            or before in {"to", "of", "with", "from", "in"}
        ):
            continue
        if relative:
            if seen_verb and _goes_on(words, at, plural=plural):
                return at
            seen_verb = True
            continue
        participle = is_past(words[at].lower()) and (
            before == "," or (at == end and any(third_person_base(word.lower()) for word in words[at + 1 :]))
        )
        if before in {*_RELATIVES, "whose"}:
            relative, seen_verb = True, True
        elif not participle:
            return at
    return len(words)


def _goes_on(words: list[str], at: int, *, plural: bool) -> bool:
    """Whether the verb at `at` is the main one behind a relative clause: "a man who sells shadows | meets a girl"."""
    before = words[at - 1].lower()
    base = words[at].lower() if plural and is_base_verb(words[at].lower()) else third_person_base(words[at].lower())
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    noun = (
        before not in function_words() and before[0].isalpha() and not third_person_base(before) and not is_past(before)
    )
    return (
        bool(base)
        and (noun or before == ",")
        and (following in function_words() or is_determiner(following))
        and not (is_thing(words[at].lower()))
    )


def _indefinite(phrase: list[str]) -> list[str]:
    """A phrase with an article to be introduced by: "brave youngest sister" becomes "a brave youngest sister"."""
    if not phrase or is_determiner(phrase[0].lower()) or phrase[0].lower() in _COUNTS or phrase[0][:1].isupper():
        return phrase
    head = next((word for word in phrase if being(word) is not None), phrase[-1])
    return phrase if is_plural(head) else article(spelled(phrase)).split(" ")


def _definite(phrase: list[str]) -> str:
    """The phrase at a later mention, with no more than one word before its noun: "the old ferryman"."""
    joined = spelled(phrase)
    if " and " in joined:
        left, _, right = joined.partition(" and ")
        return f"{_definite(left.split())} and {_definite(right.split())}"
    bare = [word for at, word in enumerate(phrase) if at or not is_determiner(word.lower())]
    kept = bare if "of" in [word.lower() for word in bare] else bare[-2:]
    if len(kept) == 2 and kept[0].lower() in _COUNTS and phrase[0].lower() not in _COUNTS:
        kept = bare
    return f"the {spelled(kept)}"
