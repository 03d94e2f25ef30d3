"""What a reader asked for, read as a teller would: who, where, what they do, and the words to repeat where nothing
else is safe."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.english.hero import Figure
from dream.storytelling.storytellers.loom.english.place import Place, place_in, place_named
from dream.storytelling.storytellers.loom.english.subject import Subject, someone_in, subject_of
from dream.storytelling.storytellers.loom.english.tense import in_past, speaks
from dream.storytelling.storytellers.loom.english.theme import theme_in
from dream.storytelling.storytellers.loom.english.vocabulary import (
    being,
    function_words,
    is_base_verb,
    is_determiner,
    is_past,
    is_plural,
    past,
    third_person_base,
)  # fmt: skip
from dream.storytelling.storytellers.loom.english.words import article, spelled, tokens
from dream.storytelling.storytellers.loom.reading import Request

_LEAD = re.compile(
    r"""^\W*(?:(?:please|hey|hi|hello|now|ok|okay)[\s,]+)*
    (?:(?:can|could|would|will)\s+you\s+(?:please\s+)?)?
    (?:(?:i(?:'d|\s+would)?\s+(?:like|want|love|need)|let\s+me|give\s+us)\s+(?:to\s+(?:hear|read|have|be\s+told)\s+)?)?
    (?:(?:tell|write|give|make|sing|show|read|invent|create|weave|spin|imagine)\s+(?:(?:me|us)\s+)?)?
    (?:(?:an?|the|some|another|one)\s+(?P<kind>(?:[\w-]+\s+){0,3}?)(?:stor(?:y|ies)|tales?|fable|fairy\s?tale|legend|myth)\b\s*
    (?:(?:of|where|in\s+which|that\s+tells\s+of|on|with)\s+)?)?
    (?::|(?:something\s+)?about\s+)?
    (?:once\s+(?:upon\s+a\s+time)?,?\s*(?:there\s+(?:was|were|lived|is)\s+)?)?
    (?:there\s+(?:was|were|lived)\s+once\s+)?
    (?:(?:long|years|many\s+years)\s+ago,?\s+|yesterday,?\s+)?
    (?:(?:they|people)\s+say\s+(?:that\s+)?)?
    (?:(?:what\s+(?:if|happens\s+when)|suppose|imagine(?:\s+that)?|how|the\s+time\s+when|there\s+(?:is|was|are|were|lives|lived))\s+)?""",
    re.IGNORECASE | re.VERBOSE,
)
_APPOSED = re.compile(r"^, (?:an?|the) ")
_STRANGERS = ("stranger", "traveller", "newcomer", "wayfarer")
_QUESTION = re.compile(
    r"^(?:why|how|who|whom|whose|where|when|what|which|is|are|do|does|did|can|could|will|would|should|must)\b",
    re.IGNORECASE,
)
_LATER = re.compile(r"[,;]\s+(?=(?:but|yet|while|so|and\s+(?:he|she|they|it))\b)|[;:]\s+|\s+(?:—|–|--)\s+")
_SAYING_WORDS = 24
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Premise:
    """`role` is the hero's first mention with all that is said of them; `deeds` are predicates in the past ("followed
    a bell").

    `sayings` are stretches of the reader's own words that fit a quotation; `asked` is a question, kept whole; `place`
    is where it is at home, None where
    the reader named no such place; a place that only a deed leads to is no home. `theme` is what it turns on, ""
    where that is unclear.
    """

    hero: Figure
    role: str
    deeds: tuple[str, ...]
    sayings: tuple[str, ...]
    asked: str
    place: Place | None
    theme: str
    found: bool


def read_premise(request: Request) -> Premise:
    text = _untitled(re.sub(r"\s+", " ", request.premise.replace("“", '"').replace("”", '"').replace("’", "'")).strip())
    asked = _question(text)
    bare = _led(text)
    told = [bare[span.start : span.end] for span in sentences(bare)] or [text]
    first, *more = [part for sentence in told for part in _LATER.split(sentence) if part and part.strip()] or [text]
    opened, lead_place = _without_lead_place(tokens(first))
    digest = hashlib.sha256(f"{request.hero}\n{request.premise}".encode("utf-8", "surrogatepass")).digest()
    stranger = _STRANGERS[digest[1] % len(_STRANGERS)]
    if opened and opened[0].lower() in {"he", "she"}:
        opened = [*article(stranger).split(), *opened[1:]]
    subject = None if asked else subject_of(opened)
    told_of = [word for part in told for word in tokens(part)] if subject is None else subject.said
    place = (
        place_named(request.place) or lead_place or place_in(told_of, bare=subject is None and len(told_of) < _SHORT)
    )
    hero, found = _hero(request.hero, subject, digest[0] % 2 == 1, stranger, [] if asked else told)
    if subject is None or not found:
        return Premise(
            hero,
            "",
            (),
            _sayings([text] if asked else told),
            asked,
            place,
            "" if asked else theme_in(tokens(first), hero.name),
            found,
        )
    role, deeds = _role(subject, hero, request.hero), [spelled(subject.deed)] if subject.deed else []
    rest: list[str] = []
    for part in more:
        deed = _deed(part, hero)
        if deed:
            deeds.append(deed)
        else:
            rest.append(part)
    theme = theme_in(
        [*tokens(" ; ".join(deeds)), ";", *tokens(_APPOSED.sub("", role.removeprefix(hero.first)))],
        f"{hero.name} {subject.name} {place.name if place else ''}",
    )
    return Premise(hero, role, tuple(deeds), _sayings(rest), "", place, theme, True)


def wished_deed(direction: str, hero: Figure) -> str:
    """What the reader wants the hero to do next, as a predicate in the past; "" where the words can't be turned so."""
    words = tokens(
        re.sub(r"^\W*(?:and|then|now|next|please)[\s,]+", "", direction.strip(), flags=re.IGNORECASE).rstrip(" .!")
    )
    low = [word.lower() for word in words]
    if (
        len(words) > 2
        and low[0] in {"let", "have", "make"}
        and (low[1] in {"him", "her", "them", "it"} or low[1] == hero.name.lower())
    ):
        return spelled([past(low[2]), *words[3:]]) if is_base_verb(low[2]) and not speaks(words) else ""
    return _deed(direction, hero)


def _led(text: str) -> str:
    """The premise without "tell me a story about" and its like; a tale that is told in it belongs to it."""
    lead = _LEAD.match(text)
    if lead is None or any(_tells_of_someone(word) for word in (lead["kind"] or "").lower().split()):
        return text
    return text[lead.end() :].lstrip(" ,:.-") or text


def _tells_of_someone(word: str) -> bool:
    return being(word) is not None or is_past(word) or bool(third_person_base(word))


def _untitled(text: str) -> str:
    """A premise that is written like the title of a book, or in capitals, as a sentence."""
    words = [word for word in tokens(text) if word[0].isalpha()]
    titled = all(word[0].isupper() for word in words if word.lower() not in function_words())
    return text.lower() if len(words) > 2 and titled and is_determiner(words[0].lower()) else text


def _question(text: str) -> str:
    """The premise where it asks about no one: it is put as it stands."""
    if not text.endswith("?") or not _QUESTION.match(text) or len(text.split()) > _SAYING_WORDS:
        return ""
    bare = _led(text)
    supposed = bare != text and not _QUESTION.match(bare)
    return "" if supposed and subject_of(tokens(bare)) is not None else text


def _hero(named: str, subject: Subject | None, she: bool, stranger: str, told: list[str]) -> tuple[Figure, bool]:
    """Who the story is about, and whether the premise's own subject is that hero."""
    either = "she" if she else "he"
    pronoun = _pronoun_in(" ".join(told))
    if named.strip():
        return _named(named.strip(), subject, pronoun, either)
    if subject is None:
        met = next((met for part in told if (met := someone_in(tokens(part)))), None)
        if met is not None:
            return Figure(met[0], met[1], met[2] or pronoun or either), False  # type: ignore[arg-type]
        return Figure(article(stranger), f"the {stranger}", pronoun or either), False  # type: ignore[arg-type]
    gender = (
        subject.gender
        or (pronoun if pronoun in {"he", "she"} or not subject.proper else "")
        or ("they" if subject.proper else either)
    )
    return Figure(subject.first, subject.name, gender, subject.plural), True  # type: ignore[arg-type]


def _named(named: str, subject: Subject | None, pronoun: str, either: str) -> tuple[Figure, bool]:
    words = tokens(named)
    head = next((word for word in reversed(words) if being(word) is not None and word.islower()), "")
    if not head:
        gender = (subject.gender if subject else "") or pronoun or "they"
        return Figure(named, named, gender), subject is not None and not subject.plural  # type: ignore[arg-type]
    bare = re.sub(r"^(?:an?|the|one)\s+", "", named, flags=re.IGNORECASE)
    plural = is_plural(head.lower())
    same = subject is not None and head.lower() in subject.name.lower()
    proper = named[:1].isupper() and not re.match(r"(?:An?|The|One)\s", named)
    first, name = (named, named) if proper else (bare if plural else article(bare), f"the {bare}")
    return Figure(first, name, being(head) or pronoun or either, plural), same  # type: ignore[arg-type]


def _pronoun_in(text: str) -> str:
    found = re.search(r"\b(he|him|his|she|her|hers)\b", text, re.IGNORECASE)
    return "" if not found else "he" if found.group().lower() in {"he", "him", "his"} else "she"


def _role(subject: Subject, hero: Figure, named: str) -> str:
    """The hero's first mention: who they are and what is said of them."""
    said = spelled(subject.said)
    if named.strip():
        return f"{hero.first}, {said}" if subject.proper is False and hero.first == hero.name else hero.first
    return said


def _deed(part: str, hero: Figure) -> str:
    """A further clause of the premise as a predicate of the hero's, "" where its subject is another or unclear."""
    words = tokens(re.sub(r"^(?:but|and|yet|so|then)\s+", "", part.strip(), flags=re.IGNORECASE).rstrip(" .!;"))
    names: list[list[str]] = [tokens(hero.name), ["they" if hero.plural else str(hero.pronoun)]]
    for name in names:
        if [word.lower() for word in words[: len(name)]] == [word.lower() for word in name]:
            shifted = in_past(words[len(name) :], plural=hero.pronoun == "they")
            if shifted:
                return spelled(shifted)
    return ""


def _sayings(parts: list[str]) -> tuple[str, ...]:
    """Stretches short enough to be said in one breath, without quotation marks of their own."""
    said = []
    for part in parts:
        words = re.sub(r"^(?:but|yet|and|so)\s+", "", part.replace('"', "").strip(" ,;:.-—–\n")).split()
        if len(words) > _SAYING_WORDS:
            cut = max(
                (at + 1 for at, word in enumerate(words[:_SAYING_WORDS]) if word.endswith((",", ";", ":"))),
                default=_SAYING_WORDS,
            )
            words = words[: cut if cut > 5 else _SAYING_WORDS]
        if words:
            said.append(" ".join(words).strip(" ,;:.-"))
    return tuple(said)


def _without_lead_place(words: list[str]) -> tuple[list[str], Place | None]:
    """ "In a village by the sea, a girl ..." is a place and what happens there."""
    if (
        words
        and words[0].lower() in {"in", "on", "at", "by", "near", "under", "beneath", "beyond", "deep", "far", "high"}
        and "," in words[:14]
    ):
        comma = words.index(",")
        place = place_in(words[:comma])
        if place is not None:
            return words[comma + 1 :], place
    return words, None
