"""Hits: fragments found for a query, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from dream.store.fragment import Fragment

__all__ = ["Fragment", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A fragment found for a query. `rank` counts from 1; `score` only compares within one answer.

    `reasons` says why it was found, for example {"meaning": 0.62, "words": 7.1}; `words` are the query's words found
    in it, and `spans` where they stand in its text. `stages` are all the stages' columns.
    """

    fragment: Fragment
    score: float
    rank: int
    reasons: dict[str, float]
    words: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    stages: dict[str, float] = field(default_factory=dict)
