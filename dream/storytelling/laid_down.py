"""What a reader lays down for a story, checked: a note to the storyteller, facts that hold, and who its people are."""

from __future__ import annotations

from pydantic import ValidationError

from dream.errors import FormRefused
from dream.storytelling.brief import clean
from dream.storytelling.memory.people import Said
from dream.storytelling.memory.record import Person
from dream.wording import worded

NOTE_LENGTH, FACT_LENGTH, MOST_FACTS, MOST_SAID = 1000, 200, 20, 60


def note(text: str) -> str:
    """Raises FormRefused."""
    text = _clean("note", text)
    if len(text) > NOTE_LENGTH:
        raise FormRefused.of(
            "note",
            worded(
                "A note holds at most %(most)s characters; this one has %(length)s.",
                most=NOTE_LENGTH,
                length=len(text),
            ),
        )
    return text


def facts(lines: list[str]) -> list[str]:
    """One fact a line; empty ones and those said twice are left out. Raises FormRefused."""
    kept = list(dict.fromkeys(fact for line in lines if (fact := " ".join(_clean("facts", line).split()))))
    if len(kept) > MOST_FACTS:
        raise FormRefused.of(
            "facts",
            worded("At most %(most)s facts are kept; these are %(count)s.", most=MOST_FACTS, count=len(kept)),
        )
    if any(len(fact) > FACT_LENGTH for fact in kept):
        raise FormRefused.of("facts", worded("A fact holds at most %(most)s characters.", most=FACT_LENGTH))
    return kept


def person(name: str, called: str, role: str, traits: list[str], *, left_out: bool) -> Said:
    """What a reader says of somebody. Raises FormRefused."""
    try:
        Person(name=name, role="", traits=())
        said = Person(
            name=called if called.strip() else name, role=role, traits=tuple(trait for trait in traits if trait.strip())
        )
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        sentence = _BEYOND.get(field, _NAMELESS)
        raise FormRefused.of(field, sentence) from None
    if not any(letter.isalnum() for letter in said.name):
        raise FormRefused.of("name", _NAMELESS)
    return Said(" ".join(clean(name).split()), said.name, said.role, said.traits, left_out)


_NAMELESS = worded("Please give a name of at most 80 characters.")
_BEYOND = {
    "role": worded("Please say in at most 200 characters who they are."),
    "traits": worded("Please give at most 8 traits of 100 characters, parted by semicolons."),
}


def _clean(field: str, text: str) -> str:
    try:
        return clean(text)
    except ValueError as error:
        raise FormRefused.of(field, str(error)) from None
