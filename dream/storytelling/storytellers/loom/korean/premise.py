"""What a Korean premise says: whose story it is, where, and what befalls them; never more than its words surely say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass

from dream.language.hangul import NIEUN, RIEUL, final
from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.clause import Stem
from dream.storytelling.storytellers.loom.korean.data import either
from dream.storytelling.storytellers.loom.korean.data import words as listed
from dream.storytelling.storytellers.loom.korean.hero import found_in
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, Noun, bare, kind, split
from dream.storytelling.storytellers.loom.korean.statements import past_stem
from dream.storytelling.storytellers.loom.reading import Request

_ASKING = re.compile(
    r"\s*(?:에\s*대한|에\s*관한|에\s*대해서?|에\s*관해서?|를|을|의)?\s*"
    rf"(?:(?:{either('tale_adjectives')})?\s*(?P<tale>{either('tales')}))?"
    r"(?:를|을|이|가|하나를|하나|한 편을|한 편|한 편만)?\s*"
    rf"(?:좀\s*)?(?:하나\s*)?(?P<asks>{either('asks')})?\s*[.!?~…]*\s*$"
)
_ADNOMINAL = re.compile(r"(?:는|던)$")
_ASKED_ABOUT = re.compile(
    rf"\s*(?:에\s*대한|에\s*관한|에\s*대해서?|에\s*관해서?)\s*(?:이야기를?\s*)?(?:{either('asks')})\s*[.!]*$"
)
_PRONOUN = re.compile(r"^그녀?(?P<mark>는|가)\s")
_SAID_OF = re.compile(r"(?P<told>.*[가-힣]다)고들?\s한다$")
_PRESENT = re.compile(r"(?:는|[가-힣])다[.!]*$")


@dataclass(frozen=True, slots=True)
class Premise:
    """`full` is the hero with what the premise says of them, `trait` that without the hero ("이름을 잃어버린").

    `wish` ends as an adnominal ("거짓말을 하게 되는"); `happened` are past statements; `reported` is a plain present
    one ("사공이 바다를 건넌다"), `intent` that without who does it. `topic` is what the premise is about, as a noun
    phrase; `once` what the hero has done, as an adnominal ("책을 덮은"); `lead` when or where, before the hero is
    named; and `said` the premise in its own words, where nothing else could be read from it.
    """

    hero: Noun
    full: Noun
    place: Noun | None = None
    wish: str = ""
    happened: tuple[Stem, ...] = ()
    reported: str = ""
    intent: str = ""
    topic: Noun | None = None
    said: str = ""
    trait: str = ""
    once: str = ""
    lead: str = ""


def read_premise(request: Request, lexicon: Lexicon) -> Premise:
    text = " ".join(request.premise.split()).strip(" \"'“”‘’")
    stranger = Noun(_pick(sorted(listed("strangers")), request.premise))
    text = _PRONOUN.sub(lambda match: f"{stranger:{'은/는' if match['mark'] == '는' else '이/가'}} ", text)
    spans = sentences(text)
    parts = [text[span.start : span.end] for span in spans] or [text]
    found = next((parsed for part in parts if (parsed := _parse(part, lexicon))), None)
    place = _field(request.place) or (found and _place(found.full, anyhow=True)) or _place(text)
    said = "" if found and _tells(found, parts[0]) else _sayable(_ASKED_ABOUT.sub("", parts[0]))
    hero = _field(request.hero)
    later = tuple(stem for part in parts[1:4] if (stem := _later(part)))
    if found:
        own = hero is not None and found.hero not in str(hero)
        full = hero or found.full
        if own or (hero and len(str(hero).split()) > 1):
            full = hero or found.full
        elif hero:
            full = found.full
        whole = f"{found.lead} {hero or found.hero:이/가}".lstrip()
        happened = tuple(Stem(f"{whole} {stem}") for stem in found.happened)
        reported = f"{whole} {found.reported}" if found.reported else ""
        return Premise(
            hero or found.hero,
            full,
            place,
            found.wish,
            happened + later,
            reported,
            found.reported,
            found.topic,
            said,
            found.trait,
            found.once,
        )
    topic = _topic(text)
    said = "" if topic else said
    chosen = hero or _remembered(request) or stranger
    return Premise(chosen, chosen, place, happened=later, topic=topic, said=said)


def _tells(found: Premise, part: str) -> bool:
    """Whether all that a part of the premise says has been read, so that it needn't be quoted."""
    return bool(found.wish or found.once or found.happened or found.reported or found.trait) or _unasked(part)[0] in (
        found.hero,
        found.full,
    )


def doing(text: str) -> str:
    """A plain present statement without a subject, "연이를 만난다", such as readers give as a direction; else ""."""
    words = text.strip(" .!").split()
    if not 2 <= len(words) <= 12 or any(split(word)[1] in ("은", "는", "이", "가") for word in words):
        return ""
    return _befalls(words, tale=False)[2]


def is_stranger(hero: str) -> bool:
    """Whether the premise gave no hero, so that one was found for it."""
    return hero in listed("strangers")


def _parse(part: str, lexicon: Lexicon) -> Premise | None:
    """A sentence or noun phrase of the premise whose hero can be told; None where nobody is in it."""
    body, tale = _unasked(part)
    words = body.split()
    if not words or not re.search("[가-힣]", body):
        return None
    found = found_in(words, lexicon)
    if found is None:
        return None
    wish, happened, reported = _befalls(list(found.rest), tale) if found.subject else ("", (), "")
    # "책을 덮은" is done, "거짓말을 하게 되는" is to come: they are told differently.
    wish, once = (wish, "") if wish.endswith("는") else ("", wish)
    return Premise(
        Noun(found.name),
        Noun(found.full),
        None,
        wish,
        happened,
        reported,
        trait=_trait(found.epithet),
        once=once,
        lead="" if tale else found.lead,
    )


def _unasked(text: str) -> tuple[str, bool]:
    """The text without "이야기를 들려줘" and its like, and whether it was what a tale is about."""
    asked = _ASKING.search(text)
    if asked and (asked["tale"] or asked["asks"]):
        return text[: asked.start()].strip(), bool(asked["tale"])
    day = re.search(r"\s(?:날|밤|때|일|것)[.!]*$", text)
    return (text[: day.start()], True) if day else (text.rstrip(" .!~…"), False)


def _trait(epithet: str) -> str:
    """An epithet of which one can ask why: "이름을 잃어버린", not "늙은" or "북쪽 농장의"."""
    words = epithet.split()
    asks = len(words) > 1 or (words and len(words[0]) > 2)
    return (
        epithet
        if asks
        and (epithet.endswith("는") or final(epithet) == NIEUN)
        and words[-1] not in listed("place_adjectives") | listed("adjectives")
        and kind(words[-1]) == ""
        else ""
    )


def _befalls(words: list[str], tale: bool) -> tuple[str, tuple[Stem, ...], str]:
    """What happens to the hero, from the words after them: as an adnominal, as past statements, or as a present one."""
    if not words or len(words) > 16:
        return "", (), ""
    text = " ".join(words).rstrip(" .!,")
    last = bare(words[-1])
    if tale:
        fits = _ADNOMINAL.search(last) or final(last) in (NIEUN, RIEUL)
        return (text if fits else ""), (), ""
    said_of = _SAID_OF.match(text)
    if said_of:
        words = said_of["told"].split()
    stem = past_stem(words[-1])
    if stem:
        return "", (Stem(" ".join([*words[:-1], stem])),), ""
    if _PRESENT.search(words[-1]) and (last.endswith("는다") or final(last[:-1]) == NIEUN):
        return "", (), text
    return "", (), ""


def _later(part: str) -> Stem | None:
    """A further sentence of the premise that stands by itself: in the plain past and with words enough."""
    words = part.split()
    stem = past_stem(words[-1]) if words else ""
    if (
        not stem
        or not 3 <= len(words) <= 14
        or re.search(r"[“”\"()]", part)
        or re.match(r"(?:그러나|그런데|하지만|그래서|그리고)$", words[0])
    ):
        return None
    return Stem(" ".join([*words[:-1], stem]))


def _place(text: str, *, anyhow: bool = False) -> Noun | None:
    """The place where it happens, with a plain adjective or an owner; `anyhow` takes one that somebody keeps too."""
    words = text.split()
    for at, word in enumerate(words):
        noun, particle = split(word)
        alone = kind(bare(word)) == "places" and at == len(words) - 1
        if not alone and not (
            kind(noun) == "places"
            and (
                (particle in listed("located") and (particle not in ("에", "에도") or _lived(words[at + 1 :])))
                or (anyhow and particle in ("을", "를") and _kept(words[at + 1 :]))
            )
        ):
            continue
        name = bare(word) if alone else noun
        before = words[at - 1] if at else ""
        owned = before.endswith("의") and kind(before[:-1]) in ("places", "scenery")
        return Noun(f"{before} {name}" if before in listed("place_adjectives") or owned else name)
    return None


def _lived(words: list[str]) -> bool:
    return bool(words) and re.match(either("living"), words[0]) is not None


def _kept(words: list[str]) -> bool:
    return bool(words) and re.match(either("keeping"), words[0]) is not None


def _field(text: str) -> Noun | None:
    """A hero or place as the reader named it, without a final particle or stop; None where it is a sentence."""
    name = " ".join(text.split()).strip(" .,!?\"'“”‘’")
    if not name or len(name) > 40 or len(name.split()) > 7 or re.search(r"[.!?“”\"\n]|(?:다|요|까)$", name):
        return None
    return Noun(name)


def _topic(text: str) -> Noun | None:
    """A short noun phrase that the premise is about; None for a sentence, a question or anything unsure."""
    body = _unasked(text)[0].strip(" .!~…")
    words = body.split()
    if (
        not words
        or len(words) > 4
        or "?" in text
        or not re.search("[가-힣]", body)
        or re.search(r"[“”\"‘’'(),;:]", body)
    ):
        return None
    last = words[-1]
    sure = kind(last) not in ("", "vague") or (
        len(words) == 1 and len(last) <= 4 and not re.search(r"(?:다|요|까|지|네|라|어|아|자|게|히|이)$", last)
    )
    return Noun(body) if (sure and not split(last)[1]) or kind(last) not in ("", "vague") else None


def _sayable(text: str) -> str:
    """The premise as something people could have said; "" where it would not stand in quotation marks."""
    text = re.sub(r"[“”\"‘’「」『』]", "", text).strip().rstrip(".")
    return text if 0 < len(text.split()) <= 14 and len(text) < 90 and len(sentences(text)) == 1 else ""


def _remembered(request: Request) -> Noun | None:
    """The hero of the story so far: whoever is most often its topic."""
    topics = Counter(
        noun
        for word in request.told.split()
        for noun, particle in [split(word)]
        if particle in ("은", "는") and kind(noun) in ("people", "animals")
    )
    strangers = [stranger for stranger in sorted(listed("strangers")) if f"{stranger}" in request.told]
    if strangers:
        return Noun(max(strangers, key=request.told.count))
    return Noun(topics.most_common(1)[0][0]) if topics and topics.most_common(1)[0][1] > 1 else None


def _pick(choices: list[str], text: str) -> str:
    return choices[hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[0] % len(choices)]
