"""The words the English loom can trust: verbs with their past, concrete nouns with their kind, words that only join."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Gender = Literal["he", "she", "it", "they", ""]
_AGENT_ENDINGS = (
    "keeper",
    "maker",
    "monger",
    "smith",
    "wright",
    "herd",
    "seller",
    "catcher",
    "warden",
    "singer",
    "cutter",
    "diver",
    "hunter",
    "weaver",
)
_KIN = ("grand", "step", "god", "foster", "great-", "half-")
_ENDINGS: dict[Literal["she", "he"], tuple[str, ...]] = {
    "she": ("woman", "girl", "wife", "mother", "daughter", "sister"),
    "he": ("boy", "father", "brother"),
}
_DOERS = ("er", "or", "ist", "ian")
_PLURALS = frozenset({"people", "children", "folk", "womenfolk"})
_KEPT_AUXILIARIES = frozenset("was were had could would should might did ought".split())


def _lexicon(name: str) -> str:
    return (files(__package__) / "lexicon" / name).read_text(encoding="utf-8")


@cache
def _groups(name: str) -> dict[str, frozenset[str]]:
    return {group: frozenset(words.split()) for group, words in yaml.safe_load(_lexicon(name)).items()}


@cache
def _verbs() -> tuple[dict[str, str], frozenset[str]]:
    """Base to past of the irregular verbs, and the bases of the regular ones."""
    pairs = [line.split() for line in _lexicon("verbs.txt").splitlines() if line and not line.startswith("#")]
    return {pair[0]: pair[1] for pair in pairs if len(pair) > 1}, frozenset(pair[0] for pair in pairs if len(pair) == 1)


@cache
def _irregular_pasts() -> frozenset[str]:
    return frozenset(_verbs()[0].values()) | _KEPT_AUXILIARIES | {"got", "spoke", "sprung", "durst", "quoth"}


def function_words() -> frozenset[str]:
    return _groups("words.yaml")["function"]


def is_adverb(word: str) -> bool:
    return word in _groups("words.yaml")["adverbs"] or (
        word.endswith("ly") and len(word) > 4 and singular(word) not in known_nouns()
    )


def is_determiner(word: str) -> bool:
    return word in _groups("words.yaml")["determiners"]


def is_base_verb(word: str) -> bool:
    irregular, regular = _verbs()
    return word in irregular or word in regular


def is_past(word: str) -> bool:
    """Whether `word` (lower case) can be the past of a verb; "-ed" adjectives can too, so look at what stands before
    it."""
    if word in _irregular_pasts():
        return True
    return (
        word.endswith("ed")
        and len(word) > 3
        and word not in _groups("words.yaml")["participles"]
        and not word.endswith("eed")
    )


def third_person_base(word: str) -> str:
    """The base of a known verb in -s: "follows" is follow; "" where it is no such form."""
    if not word.endswith("s") or word.endswith("ss"):
        return ""
    stems = [word[:-1]]
    if word.endswith("ies"):
        stems.append(word[:-3] + "y")
    if word.endswith("es"):
        stems.append(word[:-2])
    return next((stem for stem in stems if stem != "be" and is_base_verb(stem)), "")


def guessed_base(word: str) -> str:
    """The base of any form in -s, known or not; only where its place in the sentence says that it is a verb."""
    if third_person_base(word) or not word.endswith("s") or word.endswith(("ss", "us", "'s")) or len(word) < 4:
        return third_person_base(word)
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes", "zes")) else word[:-1]


def past(base: str) -> str:
    irregular = _verbs()[0]
    if base in irregular:
        return irregular[base]
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ied"
    if (
        len(base) > 2
        and base[-1] in "bdgklmnprt"
        and base[-2] in "aeiou"
        and base[-3] not in "aeiou"
        and _one_syllable(base)
    ):
        return base + base[-1] + "ed"
    return base + "ed"


def _one_syllable(word: str) -> bool:
    return sum(a in "aeiouy" and b not in "aeiouy" for a, b in zip(word, word[1:] + "x", strict=False)) == 1


@cache
def known_nouns() -> frozenset[str]:
    return frozenset().union(*_groups("nouns.yaml").values())


def singular(word: str) -> str:
    """The singular of a regular plural, or the word itself."""
    if word in known_nouns() or not word.endswith("s"):
        return {
            "men": "man",
            "women": "woman",
            "wolves": "wolf",
            "knives": "knife",
            "loaves": "loaf",
            "wives": "wife",
        }.get(word, word)
    stems = (
        [word[:-1]] + ([word[:-3] + "y"] if word.endswith("ies") else []) + ([word[:-2]] if word.endswith("es") else [])
    )
    stems += [word[:-3] + "f", word[:-3] + "fe"] if word.endswith("ves") else []
    return next((stem for stem in stems if stem in known_nouns()), word)


def is_plural(word: str) -> bool:
    return singular(word) != word or word in _PLURALS


def being(word: str) -> Gender | None:
    """The pronoun of a person or an animal, "" where either would do; None where the word names neither."""
    word = word.lower()
    if word in _PLURALS:
        return "they"
    if is_plural(word):
        return "they" if being(singular(word)) is not None else None
    last = word.rpartition("-")[2]
    for name, pronoun in (("women", "she"), ("men", "he"), ("persons", ""), ("animals", "")):
        if word in _groups("nouns.yaml")[name] or last in _groups("nouns.yaml")[name]:
            return "they" if word in {"couple", "pair", "family", "crew"} else pronoun  # type: ignore[return-value]
    return _formed_being(word)


def _formed_being(word: str) -> Gender | None:
    """What `being` says of a word of none of the lists, by how it is made: "granddaughter", "signalman"."""
    for gender, endings in _ENDINGS.items():
        if word.endswith(endings):
            return gender
    kin = next((word.removeprefix(prefix) for prefix in _KIN if word.startswith(prefix)), "")
    if kin and being(kin) is not None:
        return being(kin)
    if word.endswith("man") and len(word) > 4 and word not in {"human", "woman", "roman", "german"}:
        return "he"
    return "" if word.endswith(_AGENT_ENDINGS) and len(word) > 6 else None


def is_doer(word: str) -> bool:
    """Whether a word of none of the lists ends like the name of who does something, "raker" or "harpist".

    So do "river" and "winter": only where a subject stands is it safe to take the rest for somebody.
    """
    word = word.lower()
    for one in (word, word.removesuffix("s")):
        last = one.rpartition("-")[2]
        if len(last) > 4 and last.endswith(_DOERS):
            known = is_thing(last) or bool(preposition(last)) or names_nobody(last)
            return not known and last not in function_words() and not is_base_verb(last)
    return False


def names_nobody(word: str) -> bool:
    return word in _groups("words.yaml")["nobody"]


def is_minded(base: str) -> bool:
    """Whether only somebody does what this verb says."""
    return base in _groups("words.yaml")["minded"]


def is_person(word: str) -> bool:
    return being(word) is not None and singular(word.lower()) not in _groups("nouns.yaml")["animals"]


def preposition(word: str) -> str:
    """The preposition of a place: "on" for a hill, "at" for a gate, "" where the word names no place."""
    word = singular(word.lower())
    for name in ("in", "at", "on", "by"):
        if word in _groups("nouns.yaml")[name]:
            return name
    return ""


def is_thing(word: str) -> bool:
    return word in _groups("nouns.yaml")["things"] or is_portable(word)


def is_portable(word: str) -> bool:
    return word in _groups("nouns.yaml")["portable"]
