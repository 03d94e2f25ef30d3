"""A parcel: a whole story as one JSON document, to be kept, or brought to another dream.

What comes in is a stranger's: it is checked against these models, its ids are only good for telling its scenes apart,
and nothing in it says who it belongs to or what may be read. What its sentences lean on is told by digests of the
works' files and stretches of their texts: the shelf that the story comes to shows its own words for those that it has,
and the others stay names that only the file vouches for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dream.errors import FormRefused
from dream.language.sentences import sentences
from dream.store import models
from dream.store.library.brought import Leaning, Place
from dream.storytelling.brief import Brief, clean
from dream.storytelling.ending import ending
from dream.storytelling.laid_down import FACT_LENGTH, MOST_FACTS, MOST_SAID, NOTE_LENGTH
from dream.storytelling.memory.record import Line, Name, Traits
from dream.wording import worded

LARGEST = 4 * 2**20
"""Bytes of a parcel."""

_NO_PARCEL = worded("Nothing was brought: this is no story that dream has packed.")
MOST_SCENES = 500
SCENE_LENGTH = 60_000
MOST_SOURCES = 20
MOST_SPANS = 3_000
MOST_TIES = 8


def _told(text: str) -> str:
    text = clean(text)
    if not sentences(text):
        raise ValueError("A part has to hold something told.")
    return text


Id = Annotated[str, Field(min_length=1, max_length=64)]
Short = Annotated[str, Field(max_length=200), AfterValidator(clean)]
Teller = Annotated[str, Field(max_length=80), AfterValidator(clean)]
Direction = Annotated[str, Field(max_length=500), AfterValidator(clean)]
Told = Annotated[str, Field(min_length=1, max_length=SCENE_LENGTH), AfterValidator(_told)]
Note = Annotated[str, Field(max_length=NOTE_LENGTH), AfterValidator(clean)]
Fact = Annotated[str, Field(min_length=1, max_length=FACT_LENGTH), AfterValidator(clean)]


Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]
State = Literal["told", "stopped", "interrupted"]


class Packed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PackedPlace(Packed):
    """A stretch of a work's text, told by the digest of the work's file."""

    file: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    start: Offset
    end: Offset


class PackedSource(Packed):
    """What a scene was told from. One that was taken back has no names, and no place."""

    work: Short = ""
    author: Short = ""
    licence: Short = ""
    withdrawn: bool = False
    place: PackedPlace | None = None


class PackedTie(Packed):
    source: int = Field(ge=1, le=MOST_SOURCES, description="Which of the scene's sources, counted from 1.")
    strength: float = Field(gt=0, le=1)


class PackedThread(Packed):
    """A sentence [start, end) of the scene's text, in code points, and what it leans on, strongest first."""

    start: Offset
    end: Offset
    ties: Annotated[tuple[PackedTie, ...], Field(min_length=1, max_length=MOST_TIES)]


class PackedRun(Packed):
    """Words [start, end) of the scene's text that stand in a source's passage as well."""

    start: Offset
    end: Offset
    source: int = Field(ge=1, le=MOST_SOURCES)
    fragment_start: Offset
    fragment_end: Offset
    words: int = Field(ge=1, le=SCENE_LENGTH)


class PackedPerson(Packed):
    """What the reader said of somebody."""

    name: Name
    called: Name
    role: Line = ""
    traits: Traits = ()
    left_out: bool = False


class PackedScene(Packed):
    id: Id = Field(description="Tells the scenes of this parcel apart.")
    parent: Id | None = Field(None, description="The scene that it goes on from, which stands before it.")
    rewrites: Id | None = Field(None, description="The scene whose words the reader changed into these.")
    direction: Direction = ""
    state: State = "told"
    storyteller: Teller = ""
    text: Told
    sources: Annotated[tuple[PackedSource, ...], Field(max_length=MOST_SOURCES)] = ()
    threads: Annotated[tuple[PackedThread, ...], Field(max_length=MOST_SPANS)] = ()
    copied: Annotated[tuple[PackedRun, ...], Field(max_length=MOST_SPANS)] = ()

    @model_validator(mode="after")
    def _in_the_text(self) -> PackedScene:
        named = [tie.source for thread in self.threads for tie in thread.ties] + [run.source for run in self.copied]
        if max(named, default=0) > len(self.sources):
            raise ValueError("A sentence leans on what the part does not name.")
        for spans in (self.threads, self.copied):
            edges = [edge for span in spans for edge in (span.start, span.end)]
            ordered = edges == sorted(edges) and all(span.start < span.end for span in spans)
            if not ordered or edges[-1:] > [len(self.text)]:
                raise ValueError("What is tied has to stand in the part's text, each sentence once.")
        return self


class Parcel(Packed):
    """A story: its brief, what the reader laid down for it, and all its scenes, each after its parent."""

    dream: Literal["story"] = "story"
    version: Literal[1] = 1
    title: Annotated[str, Field(max_length=120), AfterValidator(clean)] = ""
    brief: Brief
    note: Note = ""
    facts: Annotated[tuple[Fact, ...], Field(max_length=MOST_FACTS)] = ()
    people: Annotated[tuple[PackedPerson, ...], Field(max_length=MOST_SAID)] = ()
    scenes: Annotated[tuple[PackedScene, ...], Field(min_length=1, max_length=MOST_SCENES)]

    @model_validator(mode="after")
    def _in_order(self) -> Parcel:
        known: set[str] = set()
        for scene in self.scenes:
            before = {scene.parent, scene.rewrites} - {None}
            if scene.id in known or not before <= known:
                raise ValueError("Each part has to stand once, and after the one that it goes on from.")
            known.add(scene.id)
        return self


def opened(data: bytes) -> Parcel:
    """The parcel in a file. Raises FormRefused for all that is none."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise FormRefused.of("story", _NO_PARCEL) from None
    try:
        return Parcel.model_validate(found)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "dream"
        raise FormRefused.of(
            "story",
            worded(
                "Nothing was brought: this is no story that dream has packed, or it was changed at %(where)s.",
                where=where,
            ),
        ) from None


def leaning_of(
    shown: Sequence[dict[str, Any]], places: Mapping[str, Place], threads: Sequence[models.Thread],
    copied: Sequence[models.CopiedRun],
) -> Leaning:  # fmt: skip
    """What a scene leans on, from its sources as dream.service shows them."""
    rows = shown[:MOST_SOURCES]
    number = {row["fragment_id"]: at for at, row in enumerate(rows, 1)}
    return Leaning(
        [
            {
                **_names(row["work"]), "withdrawn": row["withdrawn"],
                "place": None if row["withdrawn"] else places.get(row["fragment_id"]),
            }
            for row in rows
        ],
        [
            {"start": row.start, "end": row.end, "source": number[row.fragment_id], "strength": row.strength}
            for row in threads
            if row.fragment_id in number
        ],
        [
            {
                "start": row.start, "end": row.end, "source": number[row.fragment_id],
                "fragment_start": row.fragment_start, "fragment_end": row.fragment_end, "words": row.words,
            }
            for row in copied
            if row.fragment_id in number
        ],
    )  # fmt: skip


def _names(work: Mapping[str, str] | None) -> dict[str, str]:
    if work is None:
        return {"work": "", "author": "", "licence": ""}
    return {"work": work["title"], "author": work["author"], "licence": work["licence"]}


def packed(
    story: models.Story, scenes: Sequence[models.Scene], leanings: Sequence[Leaning],
    people: Sequence[models.Correction],
) -> Parcel:  # fmt: skip
    """A story as a parcel; what has no text, or is still being told, is not in it."""
    kept = [(scene, leaning) for scene, leaning in zip(scenes, leanings, strict=True) if scene.text and scene.ended_at]
    number = {scene.id: str(at) for at, (scene, _) in enumerate(kept, 1)}
    return Parcel(
        title=story.title, brief=Brief.model_validate({**story.brief, "corpus": None}), note=story.note,
        facts=tuple(story.facts),
        people=tuple(
            PackedPerson(
                name=one.name, called=one.called, role=one.role, traits=tuple(one.traits), left_out=one.left_out
            )
            for one in people
        ),
        scenes=tuple(_scene(scene, leaning, number) for scene, leaning in kept),
    )  # fmt: skip


def _scene(scene: models.Scene, leaning: Leaning, number: Mapping[str, str]) -> PackedScene:
    text, leaning = _trimmed(scene.text, leaning)
    return PackedScene.model_construct(
        id=number[scene.id], parent=number.get(scene.parent_id or ""), rewrites=number.get(scene.rewrites_id or ""),
        direction=scene.direction, state=cast("State", scene.state), storyteller=scene.storyteller[:80], text=text,
        sources=tuple(_source(row) for row in leaning.sources), threads=_threads(leaning),
        copied=tuple(PackedRun.model_construct(**row) for row in leaning.copied[:MOST_SPANS]),
    )  # fmt: skip


def _trimmed(text: str, leaning: Leaning) -> tuple[str, Leaning]:
    """A text as it will be read again, and its spans moved to where they then stand."""
    before, stripped = len(text) - len(text.lstrip()), text.strip()
    try:
        kept = clean(text)
    except ValueError:
        kept = text
    if kept != stripped:  # not only trimmed: whoever reads it cannot tell where a sentence stood
        return kept, leaning._replace(threads=(), copied=())

    def moved(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        spans = [{**row, "start": row["start"] - before, "end": min(row["end"] - before, len(kept))} for row in rows]
        return [row for row in spans if 0 <= row["start"] < row["end"]]

    return kept, leaning._replace(threads=moved(leaning.threads), copied=moved(leaning.copied))


def _source(row: Mapping[str, Any]) -> PackedSource:
    place: Place | None = row["place"]
    return PackedSource.model_construct(
        work=row["work"][:200], author=row["author"][:200], licence=row["licence"][:200], withdrawn=row["withdrawn"],
        place=PackedPlace.model_construct(**place._asdict()) if place and len(place.file) == 64 else None,
    )  # fmt: skip


def _threads(leaning: Leaning) -> tuple[PackedThread, ...]:
    ties: dict[tuple[int, int], list[PackedTie]] = {}
    for row in leaning.threads:
        tie = PackedTie.model_construct(source=row["source"], strength=row["strength"])
        ties.setdefault((row["start"], row["end"]), []).append(tie)
    found = [
        PackedThread.model_construct(start=start, end=end, ties=tuple(tied[:MOST_TIES]))
        for (start, end), tied in sorted(ties.items())
    ]
    return tuple(found[:MOST_SPANS])


def unpacked(parcel: Parcel) -> list[dict[str, Any]]:
    """The scenes of a parcel as `Stories.bring` writes them, each with the events of its log."""
    return [
        {
            "key": scene.id, "parent": scene.parent, "rewrites": scene.rewrites, "direction": scene.direction,
            "state": "told" if scene.state == "told" else "stopped", "storyteller": scene.storyteller,
            "text": scene.text, "leaning": _leaning(scene), "events": _events(scene),
        }
        for scene in parcel.scenes
    ]  # fmt: skip


def _leaning(scene: PackedScene) -> Leaning:
    return Leaning(
        [
            {
                "work": "" if source.withdrawn else source.work, "author": "" if source.withdrawn else source.author,
                "licence": "" if source.withdrawn else source.licence, "withdrawn": source.withdrawn,
                "place": Place(**source.place.model_dump()) if source.place and not source.withdrawn else None,
            }
            for source in scene.sources
        ],
        [
            {"start": thread.start, "end": thread.end, "rank": rank, **tie.model_dump()}
            for thread in scene.threads
            for rank, tie in enumerate(thread.ties, 1)
        ],
        [run.model_dump() for run in scene.copied],
    )  # fmt: skip


def _events(scene: PackedScene) -> list[tuple[str, dict[str, Any]]]:
    """The log of a scene, without what it leans on."""
    end = ending("finished" if scene.state == "told" else "stopped", told=True)
    state = end.state(scene.text)
    return [
        ("storyteller", {"provider": "brought", "name": scene.storyteller}),
        ("delta", {"text": scene.text}),
        (state, {"state": state, "usage": None, "code": None, "retry": end.retry, "sentence": end.sentence}),
    ]
