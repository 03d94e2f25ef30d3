"""Voices: the storytellers that a service may ask, first choice first, each with the breaker of its provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from dream.settings import Settings
from dream.storytelling.breaker import Breaker
from dream.storytelling.storytellers import Storyteller
from dream.storytelling.storytellers.choose import load, load_fallback


@dataclass(frozen=True, slots=True)
class Voice:
    storyteller: Storyteller
    breaker: Breaker = field(default_factory=Breaker)


def voices(settings: Settings) -> tuple[Voice, ...]:
    """The storyteller of the settings and, where one is set, the one that tells when it cannot begin.

    Raises SetupFailed.
    """
    second = load_fallback(settings)
    return (Voice(load(settings)), *([Voice(second)] if second else []))
