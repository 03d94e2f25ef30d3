"""Who is in a Korean scene, and how it may go on, by its words alone."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence

from dream.language.hangul import with_particle
from dream.language.sentences import sentences
from dream.storytelling.brief import Brief
from dream.storytelling.memory.people import key
from dream.storytelling.memory.record import Person
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, bare, kind, split
from dream.storytelling.storytellers.loom.korean.premise import Premise, read_premise
from dream.storytelling.storytellers.loom.reading import Request

_MOST = 8
_PERSONS = ("people", "kin", "animals")
_SUBJECT = ("은", "는", "이", "가", "께서")
_COPULAS = ("이었다", "였다")
_MARKED = (*_SUBJECT, *_COPULAS, "의", "에게", "을", "를", "와", "과", "도", "에게서", "한테")
_TRAIT_WORDS = 9

_WITH_SOMEBODY = (
    "{other:을/를} 다시 찾아가 못다 들은 말을 묻는다.",
    "{other}의 뒤를 몰래 따라간다.",
    "{other}에게 모든 것을 털어놓는다.",
    "{other}에게 함께 가자고 청한다.",
)
_WITH_SOMETHING = (
    "{thing:을/를} 아무도 모르는 곳에 숨긴다.",
    "{thing:을/를} 들고 왔던 길을 되돌아간다.",
    "{thing:을/를} 주인에게 돌려준다.",
    "아침에 일어나 보니 {thing:이/가} 사라지고 없다.",
)
_WITH_NEITHER = (
    "날이 밝기 전에 길을 나선다.",
    "하룻밤만 더 머물기로 한다.",
    "왔던 길을 되돌아간다.",
    "다 알고 있던 사람이 문을 두드린다.",
    "다른 이에게 갈 편지를 잘못 받는다.",
)


class _Slot(str):
    """A noun that takes the particle its last sound asks for."""

    __slots__ = ()

    def __format__(self, pair: str) -> str:
        return with_particle(str(self), pair) if pair else str(self)


def people(text: str, brief: Brief) -> list[Person]:
    """The hero, where the text names them, and the others, most often named first."""
    lexicon = Lexicon([text])
    premise = _premise(brief, text)
    counts, traits = Counter[str](), dict[str, str]()
    for span in sentences(text):
        words = text[span.start : span.end].split()
        for at in range(len(words)):
            if name := _person(words, at, lexicon):
                counts[name] += 1
                if trait := _trait(words[: at - name.count(" ")]):
                    traits.setdefault(name, trait)
    hero = str(premise.hero)
    found: list[Person] = []
    if hero in text:
        role = str(premise.full) if str(premise.full) != hero else ""
        found.append(Person(name=hero[:80], role=role[:200], traits=()))
    for name, count in counts.most_common():
        title = name.split()[-1] if kind(name.split()[-1]) in _PERSONS else ""
        # A word that nothing but its particles shows to be a name has to come again and again.
        if hero not in name and name not in hero.split() and (name in traits or count > (1 if title else 2)):
            trait = traits.get(name, "")
            found.append(Person(name=name[:80], role=title, traits=(trait[:100],) if trait else ()))
    return found[:_MOST]


def choices(text: str, brief: Brief, cast: Sequence[Person], seed: int, taken: str) -> tuple[str, ...]:
    """Three ways to go on, none of them the one just `taken`: with somebody, with something, and with neither. Plain
    present, without who does it, as one gives a direction.
    """
    digest = hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()
    rng = random.Random(digest)  # noqa: S311 - the same text offers the same ways, no secret
    hero = str(_premise(brief, text).hero)
    others = [person.name for person in cast if key(person.name) != key(hero)]
    things = _things(text)
    slots = {"other": _Slot(others[0] if others else ""), "thing": _Slot(things[-1] if things else "")}

    def ways(frames: Sequence[str], count: int = 1) -> list[str]:
        fit = [way for frame in frames if (way := frame.format(**slots)) != taken]
        return rng.sample(fit, count)

    found = [*(ways(_WITH_SOMEBODY) if others else []), *(ways(_WITH_SOMETHING) if things else [])]
    return (*found, *ways(_WITH_NEITHER, 3 - len(found)))


def _premise(brief: Brief, text: str) -> Premise:
    asked = ("ko", brief.length, brief.grounding, brief.premise, brief.hero, brief.place, brief.tone)
    return read_premise(Request(*asked, "", "", (), 0), Lexicon([text, brief.premise]))


def _person(words: Sequence[str], at: int, lexicon: Lexicon) -> str:
    """Whom the word at `at` names, "" for nobody; with the name before a title, as in "막동 할아범"."""
    noun, particle = _noun(words[at])
    known = lexicon.is_person(noun) or kind(noun) == "kin"
    if particle not in _MARKED or len(noun) < 2 or noun.endswith("다") or not known:
        return ""
    before = bare(words[at - 1]) if at else ""
    own = before and not before.endswith("고") and not split(before)[1] and kind(before) == ""
    titled = own and kind(noun) == "people" and lexicon.pair(before, noun)
    return f"{before} {noun}" if titled else noun


def _noun(word: str) -> tuple[str, str]:
    """A word as noun and particle, or as what somebody turns out to be: "월례였다"."""
    said = bare(word)
    for copula in _COPULAS:
        if said.endswith(copula) and len(said) > len(copula):
            return said.removesuffix(copula), copula
    return split(word)


def _trait(before: Sequence[str]) -> str:
    """What is told of somebody right before their name, "머리를 감아 빗었던"; "" where nothing surely is."""
    if not before or not before[-1].endswith("던"):
        return ""
    start = len(before) - 1
    while start > 0 and len(before) - start < _TRAIT_WORDS:
        word = before[start - 1]
        if word.endswith((",", "”", '"', "에서는", "부터는")) or split(word)[1] in ("은", "는"):
            break
        start -= 1
    else:
        if start > 0:
            return ""
    return " ".join(before[start:])


def _things(text: str) -> list[str]:
    """What can be handed over in a scene, in the order of the last mention."""
    last = {}
    for at, word in enumerate(text.split()):
        noun, particle = split(word)
        if kind(noun) == "things" and len(noun) > 1 and particle in ("을", "를", "이", "가", "은", "는"):
            last[noun] = at
    return sorted(last, key=lambda noun: last[noun])
