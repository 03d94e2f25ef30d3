"""The FairytaleQA files: tales with their sections, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Span = tuple[int, int]


@dataclass(frozen=True)
class Tale:
    """`text` is what is ingested; `sections` are the spans of each section by its number."""

    name: str
    text: str
    sections: Mapping[int, list[Span]]


@dataclass(frozen=True)
class Asked:
    """A question with the sections that answer it (`gold`), or a premise, whose answer is a tale or one of `also`.

    `half` is "fit" for what was looked at in choosing how to weigh, "held" for what was not, "" where files tell.
    """

    id: str
    text: str
    story: str
    gold: tuple[int, ...]
    also: tuple[str, ...]
    half: str = ""


@lru_cache(maxsize=2)
def tales(folder: Path) -> tuple[Tale, ...]:
    return tuple(_tales(folder))


def _tales(folder: Path) -> Iterator[Tale]:
    for line in (folder / "stories.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sections: dict[int, list[Span]] = {}
        start = 0
        for section in row["sections"]:
            sections.setdefault(section["id"], []).append((start, start + len(section["text"])))
            start += len(section["text"]) + 2
        yield Tale(row["name"], "\n\n".join(section["text"] for section in row["sections"]), sections)


def asked(path: Path) -> list[Asked]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Asked(
            row["id"],
            row["question"],
            row["story"],
            tuple(row.get("gold", ())),
            tuple(row.get("also", ())),
            row.get("half", ""),
        )
        for row in rows
    ]


def right(query: Asked, texts: Mapping[str, Tale], name: str, start: int, end: int, *, of_tale: bool = False) -> bool:
    """Whether a stretch of a tale answers a query: half of it lies in a right section, or it covers half of one. For a
    premise, or with `of_tale`, the tale decides.
    """
    if of_tale or not query.gold:
        return name == query.story or name in query.also
    if name != query.story:
        return False
    spans = [span for section in query.gold for span in texts[name].sections[section]]
    shared = [min(end, high) - max(start, low) for low, high in spans]
    return 2 * max(shared) >= end - start or any(
        2 * part >= high - low for part, (low, high) in zip(shared, spans, strict=True)
    )


def covered(query: Asked, texts: Mapping[str, Tale], pieces: Sequence[tuple[str, int, int]], budget: int) -> bool:
    """Whether at least half of a right section lies within the first `budget` characters of the pieces."""
    held: list[Span] = []
    left = budget
    for name, start, end in pieces:
        if name == query.story:
            held.append((start, start + min(end - start, left)))
        left -= end - start
        if left <= 0:
            break
    spans = [span for section in query.gold for span in texts[query.story].sections[section]]
    return any(2 * _shared(held, low, high) >= high - low for low, high in spans)


def _shared(pieces: Sequence[Span], low: int, high: int) -> int:
    total, reach = 0, low
    for begin, stop in sorted(pieces):
        start, end = max(begin, reach), min(stop, high)
        if end > start:
            total, reach = total + end - start, end
    return total
