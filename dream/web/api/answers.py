"""What the API answers."""

from __future__ import annotations

from typing import Any

from flask import url_for
from pydantic import BaseModel, Field

from dream.retrieval.fragment import Fragment, Hit
from dream.store import models
from dream.store.library.works import Shelf
from dream.web.current import service


class SceneAnswer(BaseModel):
    id: str
    story: str
    parent: str | None = Field(description="The scene that this one goes on from.")
    direction: str
    state: str = Field(description="queued, telling, told, stopped, interrupted or failed.")
    code: str | None = Field(description="Why it ended, where it was neither told nor stopped.")
    storyteller: str
    text: str = Field(description="What has been told so far.")
    seed: int
    created_at: float = Field(description="Seconds since the epoch, UTC.")
    ended_at: float | None
    events: str = Field(description="Where its events can be followed (text/event-stream).")
    url: str

    @classmethod
    def of(cls, scene: models.Scene) -> SceneAnswer:
        return cls(
            id=scene.id,
            story=scene.story_id,
            parent=scene.parent_id,
            direction=scene.direction,
            state=scene.state,
            code=scene.code,
            storyteller=scene.storyteller,
            text=service().text_so_far(scene),
            seed=scene.seed,
            created_at=scene.created_at,
            ended_at=scene.ended_at,
            events=url_for("api.events", scene_id=scene.id),
            url=url_for("api.scene", scene_id=scene.id),
        )


class StoryAnswer(BaseModel):
    id: str
    brief: dict[str, Any]
    created_at: float
    url: str
    page: str
    scenes: list[SceneAnswer]

    @classmethod
    def of(cls, story: models.Story, scenes: list[models.Scene]) -> StoryAnswer:
        return cls(
            id=story.id,
            brief=story.brief,
            created_at=story.created_at,
            url=url_for("api.story", story_id=story.id),
            page=url_for("pages.story", story_id=story.id),
            scenes=[SceneAnswer.of(scene) for scene in scenes],
        )


class Begun(BaseModel):
    story: StoryAnswer
    scene: SceneAnswer
    events: str = Field(description="Where the first scene's events can be followed.")
    reader_token: str | None = Field(
        description="For programs without cookies: send it as `Authorization: Bearer ...` to be the same reader again."
    )


class StoryLine(BaseModel):
    """A story in a list."""

    id: str
    premise: str
    created_at: float
    url: str


class Stories(BaseModel):
    stories: list[StoryLine]


class WorkAbout(BaseModel):
    id: str
    title: str
    author: str
    licence: str


class SourceAnswer(BaseModel):
    fragment_id: str
    rank: int
    score: float
    reasons: dict[str, Any]
    work: WorkAbout | None = Field(description="None where the work was withdrawn.")
    position: int | None
    excerpt: str
    withdrawn: bool


class TieAnswer(BaseModel):
    fragment_id: str
    strength: float


class ThreadAnswer(BaseModel):
    """A sentence [start, end) of the scene's text, in code points, and the fragments it leans on, strongest first."""

    start: int
    end: int
    ties: list[TieAnswer]


class CopiedRunAnswer(BaseModel):
    start: int
    end: int
    fragment_id: str
    fragment_start: int
    fragment_end: int
    words: int


class SceneDetail(SceneAnswer):
    sources: list[SourceAnswer]
    threads: list[ThreadAnswer]
    copied: list[CopiedRunAnswer]


class WorkAnswer(WorkAbout):
    source: str
    language: str
    summary: str
    tags: list[str]
    corpus: str
    url: str

    @classmethod
    def about(cls, work: models.Work, corpus: str) -> dict[str, Any]:
        return {
            "id": work.id,
            "title": work.title,
            "author": work.author,
            "licence": work.licence,
            "source": work.source,
            "language": work.language,
            "summary": work.summary,
            "tags": work.tags,
            "corpus": corpus,
            "url": url_for("api.work", work_id=work.id),
        }


class WorkText(WorkAnswer):
    text: str


class Works(BaseModel):
    works: list[WorkAnswer]


class CorpusAnswer(BaseModel):
    id: str
    name: str = Field(description="What it is called in requests and commands.")
    title: str = Field(description="What people call it.")
    public: bool
    yours: bool = Field(description="Whether you own it.")
    works: int
    fragments: int
    languages: list[str]

    @classmethod
    def of(cls, shelf: Shelf, account_id: str | None) -> CorpusAnswer:
        return cls(
            id=shelf.id,
            name=shelf.name,
            title=shelf.title,
            public=shelf.public,
            yours=account_id is not None and shelf.owner_id == account_id,
            works=shelf.works,
            fragments=shelf.fragments,
            languages=list(shelf.languages),
        )


class Corpora(BaseModel):
    corpora: list[CorpusAnswer]


class HitAnswer(BaseModel):
    rank: int
    score: float
    reasons: dict[str, float] = Field(description="What each stage gave it.")
    words: list[str] = Field(description="The words it was found by.")
    highlights: list[tuple[int, int]] = Field(description="Where those words stand in the text: [start, end).")
    stages: dict[str, float] | None = Field(None, description="All that the stages gave it, where asked for.")
    fragment: str
    work: WorkAbout
    source: str
    start: int
    end: int
    text: str

    @classmethod
    def of(cls, hit: Hit, *, stages: bool = False) -> HitAnswer:
        fragment = hit.fragment
        return cls(
            rank=hit.rank,
            score=hit.score,
            reasons=hit.reasons,
            words=list(hit.words),
            highlights=hit.spans,
            stages=dict(hit.stages) if stages else None,
            fragment=fragment.id,
            work=_about(fragment),
            source=fragment.source,
            start=fragment.start,
            end=fragment.end,
            text=fragment.text,
        )


class Hits(BaseModel):
    hits: list[HitAnswer]
    missing: list[str] = Field(description='Stages that could not take part, such as "meaning" before the set-up.')
    next: int | None = Field(description="The offset of the hits that follow, None where these are the last.")
    note: str | None = Field(description="A sentence for the person where there are none, or may be more.")


def _about(fragment: Fragment) -> WorkAbout:
    return WorkAbout(id=fragment.work_id, title=fragment.title, author=fragment.author, licence=fragment.licence)
