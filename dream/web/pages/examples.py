"""Premises to begin with, that the shelf can answer: what its works tell of themselves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from dream.store import models

SHOWN = 3
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Example:
    premise: str
    language: str


def examples(works: Sequence[models.Work], language: str, day: int) -> list[Example]:
    """Three premises in `language` where the shelf speaks it, otherwise in what it speaks; others every `day`."""
    speaking = [work for work in works if work.language == language] or list(works)
    summed = [work for work in speaking if _summary(work)] or speaking
    # Not a secret: the same three all day, so that a page that is loaded again looks the same.
    chosen = random.Random(day).sample(summed, min(SHOWN, len(summed)))  # noqa: S311
    return [Example(_summary(work) or _after(work), work.language) for work in chosen]


def _summary(work: models.Work) -> str:
    return work.summary if len(work.summary) <= LONGEST else ""


def _after(work: models.Work) -> str:
    """A premise for a work that does not sum itself up."""
    return f"“{work.title}” 그 뒤에 있었던 일" if work.language == "ko" else f"What happened after “{work.title}”"
