"""What a story is woven from: how much of it leans on each work and each author, and where along the story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from dream.store import models


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose words: a work; one that only a story's file names (`id` ""); or one that was taken back, of which nothing
    is said any more (no `title` either).
    """

    id: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A scene for this: its text's length, its threads, and the origin of each fragment they name."""

    length: int
    threads: Sequence[models.Thread]
    origins: Mapping[str, Origin]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sentence along the story, of which 0 is the beginning and 1 the end; `strength` is how much leans, 0 to 1."""

    start: float
    end: float
    strength: float


@dataclass(slots=True)
class Influence:
    """One origin's part in the story: its share of all that is told, and the sentences that lean on it."""

    origin: Origin
    share: float = 0.0
    stretches: list[Stretch] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Influences:
    """The works by share, the largest first; the shares of their authors; and where each part begins, 0 to 1."""

    works: list[Influence]
    authors: list[tuple[str, float]]
    parts: list[float]

    @property
    def own(self) -> float:
        """The share that leans on no work: the reader's own words and the storyteller's."""
        return max(0.0, 1 - sum(work.share for work in self.works))


def influences(scenes: Sequence[Told]) -> Influences:
    """A tie's strength is about the chance that its sentence leans on the fragment, so a sentence gives each work that
    much of its length, and never more than all of it in sum.
    """
    whole = sum(scene.length for scene in scenes) or 1
    found: dict[Origin, Influence] = {}
    begun, parts = 0, []
    for number, scene in enumerate(scenes, 1):
        parts.append(begun / whole)
        for (start, end), strengths in _sentences(scene):
            for origin, strength in strengths.items():
                influence = found.setdefault(origin, Influence(origin))
                influence.share += strength * (end - start) / whole
                influence.stretches.append(Stretch((begun + start) / whole, (begun + end) / whole, strength))
                if number not in influence.parts:
                    influence.parts.append(number)
        begun += scene.length
    works = sorted(found.values(), key=lambda influence: -influence.share)
    return Influences(works, _authors(works), parts)


def _sentences(scene: Told) -> Iterable[tuple[tuple[int, int], dict[Origin, float]]]:
    """Each sentence that leans on something, with how much on which work."""
    ordered = sorted(scene.threads, key=lambda thread: (thread.start, thread.rank))
    for span, threads in groupby(ordered, key=lambda thread: (thread.start, thread.end)):
        strengths: dict[Origin, float] = {}
        for thread in threads:
            origin = scene.origins.get(thread.fragment_id, Origin())
            strengths[origin] = strengths.get(origin, 0.0) + thread.strength
        most = max(1.0, sum(strengths.values()))
        yield span, {origin: strength / most for origin, strength in strengths.items()}


def _authors(works: Sequence[Influence]) -> list[tuple[str, float]]:
    shares: dict[str, float] = {}
    for work in works:
        if work.origin.author:
            shares[work.origin.author] = shares.get(work.origin.author, 0.0) + work.share
    return sorted(shares.items(), key=lambda author: -author[1])
