"""A memory, and the form in which a model may give one. What does not fit its limits is refused, not trimmed."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dream.storytelling.brief import clean

MOST_FIGURES = 24
SUMMARY_LENGTH = 2000


def _line(text: str) -> str:
    return " ".join(clean(text).split())


Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_line)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]
Choice = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]
Traits = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_line)], ...], Field(max_length=8)
]
Summary = Annotated[str, Field(max_length=SUMMARY_LENGTH), AfterValidator(clean)]


class Person(BaseModel):
    """Somebody in a story, as a form has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="What the story calls them.")
    role: Line = Field(description="Who they are, in a few words; empty where the story does not say.")
    traits: Traits = Field(description="What the story has shown of them, each in a few words.")


class Figure(Person):
    """Somebody whom a story has established. `seen` is the part that named them last, counted from 1."""

    seen: Annotated[int, Field(ge=0)] = Field(0, description="The part that named them last, counted from 1.")


class Reading(BaseModel):
    """The form that a model fills in after reading a scene."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cast: Annotated[tuple[Person, ...], Field(max_length=MOST_FIGURES)]
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=3)]
    summary: Annotated[Summary, Field(min_length=1)]


class Memory(BaseModel):
    """What a scene leaves. `summary` holds the story from its beginning to the end of that scene."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cast: tuple[Figure, ...] = ()
    choices: tuple[Choice, ...] = ()
    summary: Summary = ""


NOTHING = Memory()
