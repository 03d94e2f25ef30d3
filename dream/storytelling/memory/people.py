"""The cast as it grows from scene to scene, and as the reader corrects it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dream.storytelling.memory.record import MOST_FIGURES, Figure, Person

_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What the reader says of whom the text calls `name`."""

    name: str
    called: str
    role: str
    traits: tuple[str, ...]
    left_out: bool


def key(name: str) -> str:
    """What two mentions of one person have in common: letters alone count, not their case or an article."""
    return _ARTICLE.sub("", name.strip()).casefold()


def grown(before: Sequence[Figure], found: Iterable[Person], text: str, part: int) -> tuple[Figure, ...]:
    """The cast after a part: those found in it, then those from before, of which the text says whether it names them.

    Who has been away longest goes where there are too many.
    """
    cast: dict[str, Figure] = {}
    for person in found:
        old = _known(person.name, before)
        name = max(old.name, person.name, key=len) if old else person.name
        cast.setdefault(
            key(old.name if old else name),
            Figure(
                name=name,
                role=person.role or (old.role if old else ""),
                traits=person.traits or (old.traits if old else ()),
                seen=part if old is None or names(text, person.name) else old.seen,
            ),
        )
    for figure in before:
        seen = part if names(text, figure.name) else figure.seen
        cast.setdefault(key(figure.name), figure.model_copy(update={"seen": seen}))
    kept = sorted(cast.values(), key=lambda figure: -figure.seen)[:MOST_FIGURES]
    return tuple(figure for figure in cast.values() if figure in kept)


def _known(name: str, cast: Sequence[Figure]) -> Figure | None:
    """Whom of the cast a name means: the same one, or the only one whose name holds it, or is held by it."""
    same = next((figure for figure in cast if key(figure.name) == key(name)), None)
    if same or name[:1].islower():
        return same
    words = set(name.split())
    near = [figure for figure in cast if (own := set(figure.name.split())) < words or words < own]
    return near[0] if len(near) == 1 else None


def names(text: str, name: str) -> bool:
    """Whether a text names somebody: by their whole name, or by a given name that stands alone."""
    bare = _ARTICLE.sub("", name)
    hangul = bool(re.search("[가-힣]", bare))
    forms = {bare} if hangul else {bare, bare.split()[0]} if bare[:1].isupper() else {bare}
    edge = "" if hangul else r"\b"
    return any(re.search(rf"{edge}{re.escape(form)}{edge}", text) for form in forms if len(form) > 1)


def corrected(cast: Sequence[Figure], said: Sequence[Said]) -> tuple[Figure, ...]:
    """The cast as the reader has it, each of them once. Whom they added stands at its end."""
    word = {key(one.name): one for one in said}
    seen = {key(figure.name): figure.seen for figure in cast}
    now: dict[str, Figure] = {}
    for figure in cast:
        one = word.get(key(figure.name))
        if one is None:
            now.setdefault(key(figure.name), figure)
        elif not one.left_out:
            now[key(one.called)] = _as_said(one, max(figure.seen, seen.get(key(one.called), 0)))
    for one in said:
        if key(one.name) not in seen and not one.left_out:
            now.setdefault(key(one.called), _as_said(one, 0))
    return tuple(now.values())


def _as_said(one: Said, seen: int) -> Figure:
    return Figure(name=one.called, role=one.role, traits=one.traits, seen=seen)
