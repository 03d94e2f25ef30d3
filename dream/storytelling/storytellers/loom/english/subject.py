"""The subject of a premise's first clause: who it is about, what is said of them, what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from dream.storytelling.storytellers.loom.english.people import TITLES
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
    guessed_base,
    is_adverb,
    is_base_verb,
    is_determiner,
    is_doer,
    is_minded,
    is_past,
    is_plural,
    is_thing,
    known_nouns,
    names_nobody,
    preposition,
    singular,
    third_person_base,
)  # fmt: skip
from dream.storytelling.storytellers.loom.english.words import article, spelled

_RELATIVES = frozenset({"who", "that", "which"})
_COUNTS = frozenset("two three four five six seven eight nine ten twelve twin several some many both".split())
_LEADS = frozenset("for to after before without during".split())
_WHEN = frozenset("when while once as until since because although if".split())
_TIMES = frozenset("night day morning evening winter summer spring autumn year week month noon midnight time".split())
_AT = frozenset("in on at by near under beneath beyond".split())
_OWNERS = frozenset({"my", "our", "his", "her", "their"})
_BEFORE_OTHERS = frozenset("of to with from for by in on at under about like into without against no".split())
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
    words = _unowned(words)
    if speaks(words[:3]):
        return None
    timed = _timed(words)
    if timed:
        found = subject_of(words[timed:])
        does = found is not None and bool(found.deed)
        return replace(found, deed=[*found.deed, words[0].lower(), words[1]]) if found and does else found
    if len(words) > 3 and words[0][:1].isupper() and words[1] == "the" and being(words[0]) is None and _proper(words):
        return _of_name(words, _proper(words))
    end = _head(words)
    if end:
        return _of_kind(words, end)
    end = _proper(words)
    return _of_name(words, end) if end else _behind_comma(words)


def someone_in(words: list[str]) -> tuple[str, str, Gender] | None:
    """Somebody who is named along the way, "can remember the ferryman": first mention, name, pronoun; None for none."""
    for at, word in enumerate(words):
        before = words[at - 1].lower() if at else ""
        if word.lower() in {"a", "an", "the"} and before not in _BEFORE_OTHERS:
            end = at + _head(words[at:])
            if end > at + 1 and not is_plural(words[end - 1].lower()) and being(words[end - 1]) not in {None, "they"}:
                phrase = [word.lower(), *words[at + 1 : end]]
                first = spelled(phrase if word.lower() != "the" else article(spelled(phrase[1:])).split(" "))
                return first, _definite(phrase), being(words[end - 1]) or ""
    return None


def _unowned(words: list[str]) -> list[str]:
    """ "My grandfather" as a teller names him: "a grandfather"."""
    end = _head(words) if words and words[0].lower() in _OWNERS else 0
    if not end:
        return words
    return words[1:] if is_plural(words[end - 1].lower()) else [*article(words[1]).split(), *words[2:]]


def _owned(words: list[str], owner: tuple[str, str, Gender] | None) -> list[str]:
    """ "His daughter" with the name of whoever stands before it: "the ferryman's daughter"."""
    if owner is None or not words or words[0].lower() not in _OWNERS:
        return words
    return [*f"{owner[1]}'s".split(), *words[1:]]


def _timed(words: list[str]) -> int:
    """The end of a time in front of the subject, "every night", 0 where there is none."""
    opens = is_determiner(words[0].lower()) or words[0].lower() in _AT if words else False
    fits = len(words) > 3 and opens and words[1].lower() in _TIMES
    return 2 if fits and is_determiner(words[2].lower()) else 0


def _behind_comma(words: list[str]) -> Subject | None:
    """ "Starved by her stepmother, a princess escapes": the phrase in front is said of the one behind; others go with
    the deed."""
    lead_word = words[0].lower() if words else ""
    if "," not in words[:18] or not (lead_word.endswith("ed") or lead_word in _LEADS | _WHEN | _AT):
        return None
    comma = words.index(",")
    found = subject_of(_owned(words[comma + 1 :], someone_in(words[:comma])))
    lead = [words[0].lower(), *words[1:comma]]
    if found is None or speaks(lead):
        return None
    if not found.deed or lead_word.endswith("ed"):
        return replace(found, said=[*found.said, ",", *lead])
    if lead_word in _WHEN:
        return replace(found, deed=[*found.deed, *clause_in_past(lead)])
    return replace(found, deed=[*found.deed, ",", *lead])


def _head(words: list[str], *, plural: bool = False) -> int:
    """The end of a leading phrase whose head is somebody: "an old ferryman", 0 where there is none.

    The head is whoever stands before what ends the phrase, so that a "clock repairer" is no clock and a "cuckoo clock"
    no cuckoo; where nothing ends it, the first being in it.
    """
    low = words[0].lower() if words else ""
    acts = bool(third_person_base(low)) and len(words) > 1 and is_determiner(words[1].lower())
    if not low or acts or _calls_by_title(words) or (low in function_words() and not is_determiner(low)):
        return 0
    first = 0
    for at, word in enumerate(words[:_REACH]):
        low = word.lower()
        named = being(low) is not None and (word.islower() or at == 0 or (at == 1 and is_determiner(words[0].lower())))
        if _closes(words, at + 1, plural=plural or _is_many(low)):
            if named or _is_somebody(words, at):
                return at + 1
            if at and (is_thing(singular(low)) or preposition(low)):
                return 0
        if named and first in {0, at}:
            first = at + 1
        if _ends_phrase(words, at):
            break
    return first


def _calls_by_title(words: list[str]) -> bool:
    """Whether the first word belongs to the name behind it: "Captain Ode"."""
    capitals = len(words) > 1 and all(word[:1].isupper() and word.isalpha() for word in words[:2])
    return capitals and not is_determiner(words[0].lower())


def _is_many(word: str) -> bool:
    return is_plural(word) or being(word) == "they" or (word.endswith("s") and is_doer(word))


def _closes(words: list[str], at: int, *, plural: bool) -> bool:
    """Whether what stands at `at` can't belong to the phrase before it: a mark, a word that joins, a verb."""
    if at >= len(words):
        return True
    low = words[at].lower()
    return (
        not low[0].isalnum()
        or low in function_words()
        or low in {"named", "called"}
        or is_adverb(low)
        or starts_predicate(words, at, plural=plural)
        or (not plural and starts_unknown_predicate(words, at))
    )


def _is_somebody(words: list[str], at: int) -> bool:
    """Whether a word that no list knows is somebody, by its form, by "who", or by a verb that only somebody does."""
    low, following = words[at].lower(), words[at + 1].lower() if at + 1 < len(words) else ""
    if not words[at].islower() or (at == 0 and not is_doer(low)) or low in function_words():
        return False
    known = is_thing(low) or bool(preposition(low)) or names_nobody(low)
    minded = is_minded(following) or is_minded(third_person_base(following) or guessed_base(following))
    only_things = {"it", "its", "itself"} & {word.lower() for word in words}
    return following == "who" or is_doer(low) or (minded and not known and not only_things)


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
        return end if end > 1 and any(being(word) is not None for word in words) else 0
    first = words[0].lower()
    common = first in known_nouns() or is_plural(first) or is_base_verb(first) or names_nobody(first)
    named = is_thing(first) and not is_plural(first) and len(words) > 1 and is_minded(third_person_base(words[1]))
    if first in function_words() or (end == 1 and not named and (common or first.endswith("ing"))):
        return 0
    after = words[end]
    if _joined(words, end) or after.lower() in _RELATIVES or after == "," or starts_predicate(words, end, plural=False):
        return end
    known_as = _head(words[end:]) if after == "the" else 0
    return end + known_as if known_as else 0


def _of_name(words: list[str], end: int) -> Subject | None:
    joined = _joined(words, end)
    end = joined or end
    name = spelled(words[:end])
    known = (pronoun for word in words[:end] for pronoun, titles in TITLES.items() if word in titles)
    beings = (being(word) or "" for word in words[:end])
    gender: Gender = next((one for one in chain(known, beings) if one), "")
    short = name.split(" the ")[0]
    said, deed = _parted(words, end, plural=bool(joined))
    if speaks(said + deed):
        return None
    return Subject(name, short, "they" if joined else gender, bool(joined), True, said, deed)


def _of_kind(words: list[str], end: int) -> Subject | None:
    phrase = [word if at or "'" in word else word.lower() for at, word in enumerate(words[:end])]
    head = phrase[-1].lower()
    chosen = "of" in phrase and (
        phrase[0] == "one" or any(word.endswith("st") for word in phrase[: phrase.index("of")])
    )
    plural = not chosen and (_is_many(head) or phrase[0] in _COUNTS)
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
    """The end of "... and a crow", "... and Jonas" or ", a thief and a nun" behind a first being, 0 where none
    follows."""
    while end + 1 < len(words) and words[end] == "," and is_determiner(words[end + 1].lower()):
        listed = _head(words[end + 1 :], plural=True)
        if not listed:
            return 0
        end += 1 + listed
    if end + 1 >= len(words) or words[end].lower() != "and":
        return 0
    rest = words[end + 1 :]
    other = _head(rest, plural=True)
    if other and third_person_base(rest[other - 1].lower()):
        return 0
    named = 0
    while named < len(rest) and rest[named][:1].isupper() and rest[named].isalpha():
        named += 1
    return end + 1 + (other or named) if other or named else 0


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
    if ", " in joined and " and " in joined:
        return ", ".join(_definite(part.split()) for part in joined.split(", "))
    if " and " in joined:
        left, _, right = joined.partition(" and ")
        owned = right.split()[0] in {"his", "her", "their"}
        return f"{_definite(left.split())} and {right if owned else _definite(right.split())}"
    bare = [word for at, word in enumerate(phrase) if at or not is_determiner(word.lower())]
    if not bare or (bare[0].endswith("'s") and bare[0][:1].isupper()):
        return spelled(bare or phrase)
    if len(bare) > 2 and bare[-2].endswith("'s"):
        return f"the {spelled(bare)}"
    kept = bare if "of" in [word.lower() for word in bare] else bare[-2:]
    if len(kept) == 2 and kept[0].lower() in _COUNTS and phrase[0].lower() not in _COUNTS:
        kept = bare
    return f"the {spelled(kept)}"
