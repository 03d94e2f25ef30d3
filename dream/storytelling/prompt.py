"""A prompt: the messages a storyteller receives, and the few numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer has to be where it is no story: JSON of this schema."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a prompt and its size in characters; `left_out` is what there was no room for. `number` is a
    fragment's place, 0 for all else.
    """

    kind: str
    characters: int
    left_out: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages in order. `seed` makes the loom's story repeatable; `max_words` is where a scene should have ended.
    With a `form` the answer is that form, filled in. `parts` say what the messages hold.
    """

    messages: tuple[Message, ...]
    seed: int
    max_words: int
    form: Form | None = None
    parts: tuple[Part, ...] = ()

    @property
    def characters(self) -> int:
        return sum(len(message.text) for message in self.messages)
