"""Hits: fragments found for a query, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dream.language.terms import marks
from dream.store.fragment import Fragment

__all__ = ["Fragment", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A fragment found for a query. `rank` counts from 1; `score` only compares within one answer.

    `reasons` says why it was found, for example {"meaning": 0.62, "words": 7.1}; `asked` are the query's words as
    dream.retrieval.question.query_words has them, and `stages` all that the stages say of it.
    """

    fragment: Fragment
    score: float
    rank: int
    reasons: dict[str, float]
    asked: frozenset[str] = frozenset()
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where the query's words stand in the fragment's text, in order."""
        return [(mark.start, mark.end) for mark in marks(self.fragment.text, self.asked)]

    @property
    def words(self) -> tuple[str, ...]:
        """The query's words as they stand in the fragment, each once."""
        text = self.fragment.text
        first: dict[str, str] = {}
        for mark in marks(text, self.asked):
            first.setdefault(mark.text, text[mark.start : mark.end])
        return tuple(first.values())
