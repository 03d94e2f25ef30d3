"""Fragments and hits: what the retriever returns and every room above it passes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fragment:
    """A retrievable piece of a work: `text == work.text[start:end]`, offsets in code points of the version's text."""

    id: str
    work_id: str
    version_id: str
    position: int
    start: int
    end: int
    text: str
    heading: str
    title: str
    author: str
    language: str
    licence: str
    source: str
    quotable: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A fragment found for a query. `rank` counts from 1; `score` only compares within one answer.

    `reasons` says why it was found, for example {"meaning": 0.62, "words": 7.1}; `words` are the query's words found in it.
    """

    fragment: Fragment
    score: float
    rank: int
    reasons: dict[str, float]
    words: tuple[str, ...] = ()
