"""A prompt: the messages a storyteller receives, and the few numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages in order. `seed` makes the loom's story repeatable; `max_words` is where a scene should have ended."""

    messages: tuple[Message, ...]
    seed: int
    max_words: int

    @property
    def characters(self) -> int:
        return sum(len(message.text) for message in self.messages)
