"""Who is in an English scene, and how it may go on, by its words alone."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from dream.language.sentences import sentences
from dream.storytelling.brief import Brief
from dream.storytelling.memory.people import key
from dream.storytelling.memory.record import Person
from dream.storytelling.storytellers.loom.english.premise import Premise, read_premise
from dream.storytelling.storytellers.loom.english.vocabulary import (
    being,
    function_words,
    is_past,
    is_portable,
    preposition,
)
from dream.storytelling.storytellers.loom.reading import Request

_MOST = 8
_TITLES = frozenset(
    "Mr Mrs Ms Miss Dr Old Young Little Widow Queen King Prince Princess Lady Lord Sir Aunt Uncle Father Mother Sister "
    "Brother Saint Captain Master Mistress Dame Granny Madam Professor Doctor".split()
)
_NO_NAMES = frozenset(
    "I I'm I'd I'll I've Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May "
    "June July August September October November December God Christmas Easter English French Latin".split()
)
_NOBODY = frozenset(
    "man woman person child people one someone folk couple family crew pair parent thing baby kid".split()
)
_LEADING_TO = frozenset("in at of from to near toward towards beyond off into past across through".split())
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_FIRST_SEEN = r"\b(?:an?|one)\s+(?:[a-z-]+\s+)?{noun}\s+((?:with|on|in|of|from|who|without)\s+[^.,;:!?\"“”]{{3,70}})"
_APPOSED = r"{name},\s+((?:an?|the|his|her|their)\s+[^.,;:!?\"“”]{{3,60}})[.,;]"


def people(text: str, brief: Brief) -> list[Person]:
    """The hero, where the text names them, and the others, most often named first."""
    found: dict[str, Person] = {}
    for person in [*_hero_in(text, brief), *_named(text), *_called(text)]:
        found.setdefault(key(person.name), person)
    return list(found.values())[:_MOST]


def choices(text: str, brief: Brief, cast: Sequence[Person], seed: int, taken: str) -> tuple[str, ...]:
    """Three ways to go on, none of them the one just `taken`: with somebody, with something, and with neither."""
    digest = hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()
    rng = random.Random(digest)  # noqa: S311 - the same text offers the same ways, no secret
    hero = _premise(brief).hero
    others = [person.name for person in cast if key(person.name) != key(hero.name)]
    hand = _things(text)
    slots = {
        "who": hero.name[:1].upper() + hero.name[1:], "s": "" if hero.plural else "s",
        "other": others[0] if others else "", "thing": hand[-1] if hand else "",
    }  # fmt: skip

    def ways(frames: Sequence[str], count: int = 1) -> list[str]:
        fit = [way for frame in frames if (way := frame.format(**slots)) != taken]
        return rng.sample(fit, count)

    found = [*(ways(_WITH_SOMEBODY) if others else []), *(ways(_WITH_SOMETHING) if hand else [])]
    return (*found, *ways(_WITH_NEITHER, 3 - len(found)))


_WITH_SOMEBODY = (
    "{who} return{s} to ask {other} what was left unsaid.",
    "{who} follow{s} {other} at a distance.",
    "{who} tell{s} {other} the whole truth.",
    "{who} ask{s} {other} to come along.",
)
_WITH_SOMETHING = (
    "{who} hide{s} the {thing} and say{s} nothing of it.",
    "{who} take{s} the {thing} to somebody who knows what it is worth.",
    "{who} give{s} the {thing} back.",
    "In the morning the {thing} is gone.",
)
_WITH_NEITHER = (
    "{who} set{s} out before anyone is awake.",
    "{who} stay{s} one night longer than is wise.",
    "{who} turn{s} back on the same road.",
    "Somebody who knew all along comes to the door.",
    "A letter comes that was meant for someone else.",
)


def _premise(brief: Brief) -> Premise:
    asked = (brief.spoken_language, brief.length, brief.grounding, brief.premise, brief.hero, brief.place, brief.tone)
    return read_premise(Request(*asked, "", "", (), 0))


def _hero_in(text: str, brief: Brief) -> list[Person]:
    premise = _premise(brief)
    hero = premise.hero
    if not re.search(rf"\b{re.escape(hero.name.split()[-1])}\b", text):
        return []
    role = premise.role.removeprefix(f"{hero.name}, ") or hero.first
    return [Person(name=hero.name[:80], role=role[:200] if role != hero.name else "", traits=())]


def _named(text: str) -> list[Person]:
    """Those with names of their own. A name stands in capitals within a sentence, and does something or has a title."""
    inside, acting, whole = Counter[str](), Counter[str](), Counter[str]()
    for span in sentences(text):
        words = [match.group() for match in _WORD.finditer(text[span.start : span.end])]
        for run, at in _capitals(words):
            name = " ".join(word.removesuffix("’s").removesuffix("'s") for word in run)
            whole[name] += 1
            inside[name] += at > 0
            after = words[at + len(run)] if at + len(run) < len(words) else ""
            led = at > 0 and words[at - 1].lower() in _LEADING_TO
            acting[name] += run[0] in _TITLES or (
                not led and (is_past(after) or after in ("and", "was", "had", "is", "has"))
            )
    alone = {name for name in whole if inside[name] and acting[name] and not preposition(name.split()[-1].lower())}
    kept = [name for name, _ in whole.most_common() if name in alone and not _part_of(name, alone)]
    return [Person(name=name[:80], role=_apposed(text, name), traits=()) for name in kept]


def _capitals(words: Sequence[str]) -> list[tuple[list[str], int]]:
    """The runs of words in capitals, and where each begins; a sentence's first word counts only before another."""
    runs, at = [], 0
    while at < len(words):
        end = at
        while end < len(words) and words[end][0].isupper() and not _names_nobody(words[end]):
            end += 1
        run = list(words[at:end])
        start = at
        if run and at == 0 and run[0] not in _TITLES and run[0].lower() in function_words():
            run, start = run[1:], 1
        if run and run != ["The"]:
            runs.append((run, start))
        at = max(end, at + 1)
    return runs


def _names_nobody(word: str) -> bool:
    return word in _NO_NAMES or word.removesuffix("s") in _NO_NAMES  # on Thursdays


def _part_of(name: str, names: set[str]) -> bool:
    return any(name != other and name in other.split() for other in names) or name in _TITLES


def _apposed(text: str, name: str) -> str:
    found = re.search(_APPOSED.format(name=re.escape(name)), text)
    return " ".join(found[1].split()) if found else ""


def _called(text: str) -> list[Person]:
    """Those called by what they are: "the lock-keeper", where the text comes back to them."""
    counts = Counter(_mentions(text))
    found = []
    for noun, count in counts.most_common():
        if count > 1 and re.search(rf"\bthe {noun}\b", text, re.IGNORECASE):
            first = re.search(_FIRST_SEEN.format(noun=re.escape(noun)), text, re.IGNORECASE)
            trait = _up_to_the_verb(first[1]) if first else ""
            found.append(Person(name=f"the {noun}", role=noun, traits=(trait,) if trait else ()))
    return found


def _up_to_the_verb(said: str) -> str:
    words = said.split()
    end = next((at for at, word in enumerate(words) if at > 1 and words[0] != "who" and is_past(word)), len(words))
    return " ".join(words[:end])


def _mentions(text: str) -> Iterator[str]:
    """The nouns of persons behind an article, or behind one word more: "the keeper", "an old keeper"."""
    words = [match.group() for match in _WORD.finditer(text)]
    for at, word in enumerate(words):
        if word.lower() in ("a", "an", "one", "the"):
            noun = next((word for word in words[at + 1 : at + 3] if being(word) not in (None, "they")), "")
            if noun and noun not in _NOBODY:
                yield noun


def _things(text: str) -> list[str]:
    """What passes from hand to hand in a scene, in the order of the last mention."""
    last = {word: at for at, word in enumerate(re.findall(r"\bthe ([a-z-]+)\b", text)) if is_portable(word)}
    return sorted(last, key=lambda word: last[word])
