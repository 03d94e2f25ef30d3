"""Whom a Korean premise is about, and where what is said of them begins and ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dream.language.hangul import NIEUN, RIEUL, final
from dream.storytelling.storytellers.loom.korean.data import either, load
from dream.storytelling.storytellers.loom.korean.data import words as listed
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, Noun, bare, kind, split

_PERSONS = ("people", "animals", "kin")
_SUBJECT = ("이", "가", "은", "는", "께서")
_DETERMINERS = frozenset("세 네 두 한 어느 마지막 첫 옛 새 온 다섯 여섯 일곱 이 그 저".split())
_HOUSES = ("관", "점", "실", "국", "당", "역", "소", "청", "집")
_COUNTS = frozenset("두 세 네 다섯 여섯 일곱 여덟 아홉 열".split())
_HANGUL = re.compile("[가-힣]+")
_CLAUSE_END = re.compile(rf"(?:{either('clause_ends')})$")
_OTHER_SUBJECT = re.compile("(?:자|자마자|면|니|니까)$")
_TOGETHER = re.compile(f"(?:{either('together')})")
_MINDED = re.compile(f"(?:{either('minded')})")
_LONGEST = 8
_NAME_WORDS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """`name` is the hero alone, `full` the hero with what is said of them and `epithet` that without the hero, "" for
    two heroes; `lead` stands before them and `rest` behind, where they are its `subject`."""

    name: str
    full: str
    epithet: str
    lead: str
    rest: tuple[str, ...]
    subject: bool


def found_in(words: list[str], lexicon: Lexicon) -> Found | None:
    """The hero in these words; None where nobody is."""
    at = _at(words, lexicon)
    if at is None:
        return None
    noun = _noun(words[at], lexicon)
    rest = words[at + 1 :]
    count = _count(rest[0]) if rest else ""
    # "사공 둘이 ..." and "누나, 등불을 들고 ..." have their subject marked a little later, or not at all.
    subject = bool(count) or words[at].endswith(",") or (split(words[at])[1] in _SUBJECT and bare(words[at]) != noun)
    start, epithet, name = _described(words, at, noun)
    name = f"{count} {name}" if count else name
    full = " ".join([*epithet, name])
    last = at
    while (other := _companion(words, start, last, lexicon)) is not None:
        named = _noun(words[other], lexicon)
        between = words[other + 1 : start] if last != at else words[other + 1 : at - len(name.split()) + 1]
        start, before, first = _described(words, other, named)
        pair = f"{Noun(first):과/와}"
        behind = full if last != at else name
        full, name, epithet, last = " ".join([*before, pair, *between, behind]), f"{pair} {name}", [], other
    while start and words[0] in listed("connectives"):
        words, start = words[1:], start - 1
    lead = words[:start] if subject and start and _CLAUSE_END.search(bare(words[start - 1])) else []
    return Found(
        name,
        full if len(full.split()) <= _LONGEST + 1 else name,
        " ".join(epithet),
        " ".join(lead) if len(lead) < _LONGEST else "",
        tuple(rest[1:] if count else rest),
        subject,
    )


def is_person(noun: str, lexicon: Lexicon) -> bool:
    one = noun.removesuffix("들") if len(noun) > 2 else noun
    return kind(one) in _PERSONS or (len(noun) > 1 and kind(noun) == "" and lexicon.is_person(noun))


def several(name: str) -> bool:
    """Whether a hero's name stands for more than one: "두 형제", "사공과 손녀", "아이들"."""
    first, *others = name.split()
    counted = first in _COUNTS or (bool(others) and split(first)[1] in ("과", "와"))
    return counted or name.endswith(("들", "형제", "자매", "쌍둥이", "부부"))


def _at(words: list[str], lexicon: Lexicon) -> int | None:
    """The word that names the hero: who is the subject, else the person named last, else whoever does what only
    somebody does."""
    subjects = [at for at in range(len(words)) if split(words[at])[1] in _SUBJECT and _is_subject(words, at, lexicon)]
    if subjects:
        # "사공이 죽자 딸이 ...": whoever only does what comes before is not the one it is about.
        before = [at for at in subjects[:-1] if _OTHER_SUBJECT.search(bare(words[at + 1]))]
        return next(at for at in subjects if at not in before)
    persons = [at for at in range(len(words)) if _is_named(words, at, lexicon)]
    if persons:
        return persons[-1]
    if len(words) > 2 and _is_called(words):
        return 0
    minded = bool(words) and _MINDED.match(words[-1]) is not None
    for at, word in enumerate(words):
        noun, particle = split(word)
        if particle in ("이", "가") and kind(noun) == "" and len(noun) > 1 and _HANGUL.fullmatch(noun):
            known = len(noun) < 5 and lexicon.is_noun(noun)
            if known or (minded and noun not in _nobody()):
                return at
    return None


def _is_called(words: list[str]) -> bool:
    """Whether a sentence begins with what must be a name, "서연은 ...", since it does something to something."""
    noun, particle = split(words[0])
    name = 1 < len(noun) < 4 and kind(noun) == "" and noun not in _nobody() and not noun.endswith(_HOUSES)
    does = bare(words[-1]).endswith("다") and any(split(word)[1] in ("을", "를", "에게") for word in words[1:])
    return particle in ("은", "는", "이", "가") and bool(_HANGUL.fullmatch(noun)) and name and does


def _is_subject(words: list[str], at: int, lexicon: Lexicon) -> bool:
    noun, particle = split(words[at])
    if noun == "사람":
        return bool(_epithet(words[:at]))
    with_whom, particle_before = split(words[at - 1]) if at else ("", "")
    if particle_before in ("과", "와") and particle in ("이", "가") and is_person(with_whom, lexicon):
        return not any(_TOGETHER.match(word) for word in words[at : at + 2])
    if is_person(bare(words[at]), lexicon):
        return False
    # "연이가": a given name with its 이 is a person even where no passage knows them.
    given = noun.endswith("이") and particle == "가" and 1 < len(noun) < 5 and kind(noun) == ""
    return is_person(noun, lexicon) or _is_doer(noun) or (given and noun not in listed("no_names"))


def _is_named(words: list[str], at: int, lexicon: Lexicon) -> bool:
    noun, particle = split(words[at])
    last = at == len(words) - 1
    if last and at and (bare(words[at]) == "사람" or _is_doer(bare(words[at]))):
        return True
    known = kind(noun) in _PERSONS or kind(bare(words[at])) in _PERSONS
    if particle in ("과", "와") and not last and split(words[at + 1])[1] in _SUBJECT:
        return False
    return (known or (last and is_person(bare(words[at]), lexicon))) and particle != "의"


def _noun(word: str, lexicon: Lexicon) -> str:
    whole, (noun, particle) = bare(word), split(word)
    marked = particle in _SUBJECT and (is_person(noun, lexicon) or _is_doer(noun))
    named = is_person(whole, lexicon) or (_is_doer(whole) and particle not in _SUBJECT)
    return whole if named and not marked else noun


def _is_doer(noun: str) -> bool:
    """Whether a word that no list knows ends like the name of who does something, "조율사"."""
    if kind(noun) != "" or noun in _nobody() or not _HANGUL.fullmatch(noun):
        return False
    held = load("nouns")
    long = len(noun) > 2 and noun.endswith(tuple(held["doer_ends"].split()))
    return long or (len(noun) > 1 and noun.endswith(tuple(held["doer_ends_of_any_length"].split())))


def _nobody() -> frozenset[str]:
    return frozenset(load("nouns")["nobody"].split())


def _count(word: str) -> str:
    """ "넷이" behind a noun as what stands before it: "네"."""
    counts = dict(pair.split(":") for pair in listed("counts"))
    noun, particle = split(word)
    return counts.get(noun, "") if particle in _SUBJECT else ""


def _described(words: list[str], at: int, noun: str) -> tuple[int, list[str], str]:
    """Where the description of the noun at `at` begins, the description, and the noun with the words that belong to
    it: "청어 장수", "김 서방", "낯선 사람"."""
    first = at
    while first and at - first < _NAME_WORDS and _belongs(words[first - 1], noun):
        first -= 1
    first -= bool(first) and words[first - 1] in _COUNTS
    epithet = _epithet(words[:first])
    start = first - len(epithet)
    if noun == "사람" and first == at:
        return (
            (start, [], " ".join([*epithet, noun])) if len(epithet) < 3 else (start, epithet, f"{epithet[-1]} {noun}")
        )
    return start, epithet, " ".join([*words[first:at], noun])


def _belongs(word: str, noun: str) -> bool:
    """Whether a word before a noun is part of its name."""
    if len(word) == 1 and noun in listed("titled"):
        return word not in _DETERMINERS
    if split(word)[1] or not _HANGUL.fullmatch(word) or word in listed("adjectives") | listed("place_adjectives"):
        return False
    if kind(word):
        return kind(word) not in ("people", "kin", "vague")
    adverb = word in listed("connectives") | listed("backward") | listed("no_subject") | listed("degrees")
    return (
        1 < len(word) < 4
        and final(word) not in (NIEUN, RIEUL)
        and not (adverb or _CLAUSE_END.search(word) or _TOGETHER.match(word))
    )


def _epithet(words: list[str]) -> list[str]:
    """What describes the noun behind these words; [] where they don't surely end as an adnominal."""
    if not words or words[-1].endswith(",") or words[-1] in ("이", "그", "저"):
        return []
    last, before = words[-1], words[:-1]
    plain = last in listed("adjectives") | listed("place_adjectives")
    adnominal = (
        kind(last) == ""
        and not _CLAUSE_END.search(last)
        and (final(last) in (NIEUN, RIEUL) or last.endswith(("는", "던")))
    )
    if (adnominal and not plain and last not in _DETERMINERS) or (plain and before and before[-1] in listed("degrees")):
        return _clause(words)
    size = 0
    if plain and before and split(before[-1])[1] in ("이", "가"):
        size = 1  # "귀가 먼", "마음이 착한"
    elif last.endswith("의") and before and kind(before[-1]) not in ("", "vague") and not split(before[-1])[1]:
        size = 1  # "방앗간 집의"
    elif kind(last) == "people" and before and _belongs(before[-1], last):
        size = 1  # "단추 장수 베드로"
    elif not (plain or last in _DETERMINERS or last.endswith("의") or kind(last) in ("people", "places")):
        return []
    return [*_epithet(before[: len(before) - size]), *before[len(before) - size :], last]


def _clause(words: list[str]) -> list[str]:
    """The words from the last comma on, where they are not too many."""
    comma = max((at + 1 for at, word in enumerate(words) if word.endswith(",")), default=0)
    while comma < len(words) and words[comma] in listed("connectives"):
        comma += 1
    return words[comma:] if len(words) - comma <= _LONGEST else []


def _companion(words: list[str], start: int, at: int, lexicon: Lexicon) -> int | None:
    """Where somebody else stands who is told of together with the hero: "사공과 손녀"; None for nobody."""
    for other in range(at - 1, -1, -1):
        noun, particle = split(words[other])
        if particle in ("과", "와") and (is_person(noun, lexicon) or _is_doer(noun) or kind(noun) == ""):
            # "여우와 친구가 된 소년" is one who did something with somebody else.
            reciprocal = any(_TOGETHER.match(word) for word in words[other + 1 : at])
            return other if other == start - 1 or not reciprocal else None
    return None
