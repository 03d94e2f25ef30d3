"""Hits: fragments found for a query, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dream.language.terms import forms, terms
from dream.store.fragment import Fragment

__all__ = ["Fragment", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A fragment found for a query. `rank` counts from 1; `score` only compares within one answer.

    `reasons` says why it was found, for example {"meaning": 0.62, "words": 7.1}; `looked_up` are the query's terms, and
    `stages` all that the stages say of it.
    """

    fragment: Fragment
    score: float
    rank: int
    reasons: dict[str, float]
    looked_up: frozenset[str] = frozenset()
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where the query's words stand in the fragment's text, in order."""
        return [(term.start, term.end) for term in terms(self.fragment.text) if term.text in self.looked_up]

    @property
    def words(self) -> tuple[str, ...]:
        """The query's words as they stand in the fragment, each once."""
        return tuple(forms(self.fragment.text, self.looked_up).values())
