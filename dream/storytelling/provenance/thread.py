"""The nouns of provenance. All spans are half-open and in code points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tie:
    """`strength`, 0 to 1, is about the chance that the sentence leans on this fragment."""

    fragment_id: str
    strength: float


@dataclass(frozen=True, slots=True)
class Thread:
    """A sentence of the scene, `text[start:end]`, and at most three fragments behind it, best first."""

    start: int
    end: int
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class CopiedRun:
    """Words in a row that stand the same in the scene and in a fragment's text: 12 or more (Korean: 어절)."""

    start: int
    end: int
    fragment_id: str
    fragment_start: int
    fragment_end: int
    words: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a scene is woven from, in the order of its text. A sentence that leans on nothing has no thread."""

    threads: tuple[Thread, ...] = ()
    copied: tuple[CopiedRun, ...] = ()
