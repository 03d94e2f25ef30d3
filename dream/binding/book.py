"""A story bound: the scenes on the way to one of them, with what they lean on as endnotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from dream.language.sentences import Span
from dream.store import models
from dream.storytelling.brief import Brief
from dream.storytelling.prose import Run, runs, tied


@dataclass(frozen=True, slots=True)
class Note:
    """One inspiration that a sentence of the book leans on; the works' fields are empty where it was withdrawn."""

    number: int
    title: str
    author: str
    licence: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """One scene; `heading` is what the reader asked to happen in it."""

    heading: str
    paragraphs: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Book:
    """`tellers` are the storytellers in order; the marks of the chapters' runs are numbers of `notes`."""

    id: str
    title: str
    language: str
    tellers: tuple[str, ...]
    told_on: date
    told_at: str
    chapters: tuple[Chapter, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one scene brings to the book; `sources` as dream.service shows them, strongest first."""

    scene: models.Scene
    threads: Sequence[models.Thread]
    copied: Sequence[models.CopiedRun]
    sources: Sequence[Mapping[str, Any]]


def bind(story: models.Story, title: str, parts: Sequence[Part]) -> Book:
    """The book of a story's scenes in order. Notes are numbered as the text first names them, across all chapters."""
    numbers = _numbers(parts)
    sources = {row["fragment_id"]: row for part in parts for row in part.sources}
    told = datetime.fromtimestamp(max(part.scene.ended_at or part.scene.created_at for part in parts), UTC)
    return Book(
        id=story.id,
        title=title,
        language=Brief.model_validate(story.brief).spoken_language,
        tellers=tuple(dict.fromkeys(part.scene.storyteller for part in parts if part.scene.storyteller)),
        told_on=told.date(),
        told_at=told.strftime("%Y-%m-%dT%H:%M:%SZ"),
        chapters=tuple(_chapter(part, numbers) for part in parts),
        notes=tuple(_note(number, sources[fragment]) for fragment, number in numbers.items()),
    )


def _numbers(parts: Sequence[Part]) -> dict[str, int]:
    named: dict[str, int] = {}
    for part in parts:
        ranks = {row["fragment_id"]: row["rank"] for row in part.sources}
        fragments = {rank: fragment for fragment, rank in ranks.items()}
        for sentence in tied(part.threads, ranks):
            for rank in sentence.sources:
                named.setdefault(fragments[rank], len(named) + 1)
    return named


def _chapter(part: Part, numbers: Mapping[str, int]) -> Chapter:
    copied = [Span(run.start, run.end) for run in part.copied]
    found = runs(part.scene.text, tied(part.threads, numbers), copied)
    return Chapter(part.scene.direction, tuple(tuple(paragraph) for paragraph in found))


def _note(number: int, row: Mapping[str, Any]) -> Note:
    work = row["work"] or {"title": "", "author": "", "licence": ""}
    return Note(number, work["title"], work["author"], work["licence"], bool(row["withdrawn"]))
