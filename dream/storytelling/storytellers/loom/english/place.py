"""Where a story happens."""

from __future__ import annotations

from dataclasses import dataclass

from dream.storytelling.storytellers.loom.english.vocabulary import (
    function_words,
    is_determiner,
    is_past,
    preposition,
    third_person_base,
)
from dream.storytelling.storytellers.loom.english.words import spelled, tokens

_BEFORE_PLACES = frozenset(
    "in on at by under near beneath beyond above inside within across below along behind beside outside".split()
)
_BEHIND_PLACES = _BEFORE_PLACES | frozenset("of with without for to and where , ; :".split())
_KEEPING = frozenset(
    """
        keep keeps kept keeping tend tends tending tended guard guards guarding guarded own owns owned owning run
        runs running inhabit inhabits haunt haunts""".split()
)
_ON_NAMES = frozenset("island isle hill road shore coast moor farm bank isles mountain sands".split())
_AT_NAMES = frozenset(
    "point stair inn cross gate bridge house mill ford quay landing elms end castle hall market".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """`at` goes with a verb ("on a northern farm"); `name` is the place itself at a later mention ("the farm")."""

    at: str
    name: str


def place_named(named: str) -> Place | None:
    """The place a reader named outright."""
    named = named.strip().rstrip(".!?;,")
    words = tokens(named)
    if not words:
        return None
    if words[0].lower() in _BEFORE_PLACES | {"aboard", "between", "among", "far", "deep", "high"}:
        return Place(named, _definite(words[1:]) if words[1:] else named)
    last = words[-1].lower()
    if words[0][:1].isupper() and words[0].lower() not in {"a", "an", "the"}:
        return Place(f"{'on' if last in _ON_NAMES else 'at' if last in _AT_NAMES else 'in'} {named}", named)
    head = next((word for word in words if preposition(word)), last)
    before = "on" if last in _ON_NAMES else preposition(head) or "in"
    return Place(f"{before} {named if is_determiner(words[0].lower()) else 'the ' + named}", _definite(words))


def place_in(words: list[str], *, bare: bool = False) -> Place | None:
    """The first place that the words of a premise name: "on a northern farm", "at Cold Point".

    A place without a preposition counts where someone keeps it ("keeps an old lighthouse") or, with `bare`, anywhere.
    """
    for at, word in enumerate(words):
        if word.lower() in _BEFORE_PLACES:
            end = _place_end(words, at + 1)
            if end and (word.lower() != "by" or preposition(words[end - 1]) in {"by", ""}):
                phrase = words[at + 1 : end]
                return Place(spelled([word.lower(), *phrase]), _definite(phrase))
    for at, word in enumerate(words):
        if is_determiner(word.lower()):
            end = _place_end(words, at)
            kept = at > 0 and words[at - 1].lower() in _KEEPING
            acts = end < len(words) and words[end].lower() not in _BEHIND_PLACES
            free = at == 0 or words[at - 1].lower() in function_words()  # not what a verb is done to
            if end and ((bare and free and not acts) or kept) and not is_possessive(words[at:end]):
                name = _definite(words[at:end])
                return Place(f"{preposition(words[end - 1])} {name}", name)
    return None


def _place_end(words: list[str], start: int) -> int:
    """The end of a place's phrase that starts here, 0 where none does."""
    end = start
    if end < len(words) and is_determiner(words[end].lower()):
        end += 1
    elif end < len(words) and words[end][:1].isupper():
        while end < len(words) and words[end][:1].isupper():
            end += 1
        return end
    for at in range(end, min(end + 4, len(words))):
        low = words[at].lower()
        if preposition(low):
            return _closed(words, at + 1)
        if low in function_words() or not low[0].isalpha() or (is_past(low) and at > end):
            return 0
    return 0


def _closed(words: list[str], end: int) -> int:
    """`end`, moved over a second place word ("sea shore"); 0 where a further noun makes it something else ("sea
    dragon")."""
    if end < len(words) and preposition(words[end]):
        return _closed(words, end + 1)
    following = words[end].lower() if end < len(words) else ","
    goes_on = (
        following in function_words()
        or not following[0].isalpha()
        or is_past(following)
        or third_person_base(following)
    )
    return end if goes_on and not words[end - 1].endswith("'s") else 0


def is_possessive(words: list[str]) -> bool:
    return words[0].lower() in {"my", "your", "our", "his", "her", "its", "their"}


def _definite(words: list[str]) -> str:
    if words and words[0].lower() in {"a", "an", "some", "one", "the"}:
        return spelled(["the", *words[1:]])
    if words and (words[0][:1].isupper() or is_determiner(words[0].lower())):
        return spelled(words)
    return spelled(["the", *words])
