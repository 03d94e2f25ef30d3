"""A scene as its page shows it, told or still being told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dream.language.sentences import Span
from dream.service import Service
from dream.store import models
from dream.store.library.scenes import LIVE
from dream.storytelling.prose import Run, numbered, runs, tied


@dataclass(frozen=True, slots=True)
class Source:
    """One inspiration of a scene: `about` is what the service says of it, `sentences` how many lean on it."""

    number: int
    about: dict[str, Any]
    sentences: int


@dataclass(frozen=True, slots=True)
class SceneShown:
    """`sentence` says why a scene ended that was not simply told; `siblings` are all its tellings, itself too."""

    id: str
    state: str
    direction: str
    storyteller: str
    live: bool
    paragraphs: list[list[Run]]
    sources: list[Source]
    sentence: str
    siblings: list[str]
    parent_id: str | None
    text: str

    @property
    def by_words_alone(self) -> bool:
        """Where reasons may be shown, and none of them is meaning."""
        given = [source.about["reasons"] for source in self.sources]
        return any(given) and not any("meaning" in reasons for reasons in given)


def scene_shown(
    service: Service, scene: models.Scene, scenes: Sequence[models.Scene], *, excerpts: bool = True
) -> SceneShown:
    """A scene with what it leans on; `scenes` are all of its story. The text of a live one comes by its events.
    Without `excerpts` its sources are named, and nothing of their words is shown.
    """
    library, live = service.library.scenes, scene.state in LIVE
    about = [] if live else service.sources.of(scene.id)
    if not excerpts:
        about = [{**row, "excerpt": "", "reasons": {}} for row in about]
    threads = library.threads(scene.id)
    numbers = numbered(threads, [row["fragment_id"] for row in about])
    sentences = tied(threads, numbers)
    copied = [Span(run.start, run.end) for run in library.copied_runs(scene.id)]
    counts = Counter(number for sentence in sentences for number in sentence.sources)
    return SceneShown(
        id=scene.id, state=scene.state, direction=scene.direction, storyteller=scene.storyteller, live=live,
        paragraphs=[] if live else runs(scene.text, sentences, copied),
        sources=_sources(about, numbers, counts),
        parent_id=scene.parent_id, text="" if live else scene.text,
        sentence="" if live or scene.state == "told" else _sentence(service, scene.id),
        siblings=[other.id for other in scenes if other.parent_id == scene.parent_id],
    )  # fmt: skip


def _sources(about: Sequence[dict[str, Any]], numbers: Mapping[str, int], counts: Mapping[int, int]) -> list[Source]:
    """The sources by number. What was taken back keeps its own: its sentences lean on it still."""
    found = [Source(numbers[row["fragment_id"]], row, counts.get(numbers[row["fragment_id"]], 0)) for row in about]
    return sorted(found, key=lambda source: source.number)


def _sentence(service: Service, scene_id: str) -> str:
    last = service.log.read(scene_id)[-1:]
    return str(orjson.loads(last[0].data).get("sentence", "")) if last else ""
