"""A reader's library, for programs: stories named, put away, brought back, shared, kept whole, and brought."""

from __future__ import annotations

import secrets
from typing import Annotated

from flask import url_for
from pydantic import BaseModel, ConfigDict, Field

from dream.errors import Conflict, FormRefused, NotFound
from dream.store import models
from dream.store.library.stories import Kept
from dream.storytelling.parcel import LARGEST, Parcel
from dream.web.api import api
from dream.web.api.answers import StoryAnswer
from dream.web.auth import actor, known_reader, own_story, reader_id, reader_token
from dream.web.current import service
from dream.web.operation import operation
from dream.web.pages.library import checked_title, holds
from dream.web.uploads import takes


class Wanted(BaseModel):
    """Which stories."""

    q: Annotated[str, Field(max_length=200)] = Field("", description="Words of a title, a premise or an opening.")
    away: bool = Field(False, description="Those put away instead of those at hand.")


class KeptStory(BaseModel):
    """A story as its reader keeps it."""

    id: str
    title: str = Field(description="The reader's own name for it, empty where it has none.")
    premise: str
    opening: str
    parts: int
    branches: int
    created_at: float
    last: float = Field(description="When its newest part was begun.")
    put_away: bool
    shared: str | None = Field(description="The page of its link, while it is shared.")
    url: str

    @classmethod
    def of(cls, kept: Kept) -> KeptStory:
        story = kept.story
        return cls(
            id=story.id, title=story.title, premise=story.brief["premise"], opening=kept.opening, parts=kept.parts,
            branches=kept.branches,
            created_at=story.created_at, last=kept.last, put_away=story.put_away_at is not None, shared=_shared(story),
            url=url_for("api.story", story_id=story.id),
        )  # fmt: skip


class Library(BaseModel):
    stories: list[KeptStory]


class Title(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=500)] = Field(description="The reader's own name for it; empty: none.")


class Sharing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shared: bool = Field(description="A link that was closed never opens again.")


class Shared(BaseModel):
    shared: str | None = Field(description="The page of the link, None while it is closed.")


class Brought(BaseModel):
    story: StoryAnswer
    reader_token: str | None = Field(description="As for a story that is begun.")


@api.get("/library")
@operation("Your stories, the one read last first", scope="read", query=Wanted, answer=Library)
def library(query: Wanted) -> Library:
    reader = known_reader()
    kept = service().library.stories.kept(reader, put_away=query.away) if reader else []
    return Library(stories=[KeptStory.of(one) for one in kept if holds(one, query.q)])


@api.put("/stories/<story_id>/title")
@operation("Name a story", scope="tell", body=Title, answer=Title, refuses=(NotFound, FormRefused))
def name(story_id: str, body: Title) -> Title:
    title = checked_title(body.title)
    service().library.stories.name(own_story(story_id).id, title)
    return Title(title=title)


@api.put("/stories/<story_id>/sharing")
@operation("Share a story by a link, or close it", scope="tell", body=Sharing, answer=Shared, refuses=(NotFound,))
def share(story_id: str, body: Sharing) -> Shared:
    story = own_story(story_id)
    if body.shared != bool(story.shared_as):
        service().library.stories.share(story.id, secrets.token_urlsafe(16) if body.shared else None)
    return Shared(shared=_shared(own_story(story_id)))


@api.delete("/stories/<story_id>")
@operation("Put a story away; it can be brought back", scope="tell", answer=Library, refuses=(NotFound,))
def put_away(story_id: str) -> Library:
    story = own_story(story_id)
    service().library.stories.put_away(story.id)
    return _one(story, put_away=True)


@api.post("/stories/<story_id>/back")
@operation("Bring back a story that was put away", scope="tell", answer=Library, refuses=(NotFound,))
def bring_back(story_id: str) -> Library:
    story = own_story(story_id, put_away=True)
    service().library.stories.bring_back(story.id)
    return _one(story, put_away=False)


@api.delete("/stories/<story_id>/for-good")
@operation("Delete a story that was put away", scope="tell", answer=Library, refuses=(NotFound, Conflict))
def drop(story_id: str) -> Library:
    service().drop(own_story(story_id, put_away=True))
    return Library(stories=[])


@api.get("/stories/<story_id>/parcel")
@operation("A whole story as one document", scope="read", answer=Parcel, refuses=(NotFound, Conflict))
def parcel(story_id: str) -> Parcel:
    return service().pack(own_story(story_id))


@api.post("/stories/bring")
@takes(LARGEST)
@operation(
    "Bring a story that was kept as a whole", scope="tell", status=201, body=Parcel, answer=Brought, refuses=(Conflict,)
)
def bring(body: Parcel) -> Brought:
    story = service().bring(reader_id(), body, actor())
    answer = StoryAnswer.of(story, service().library.scenes.of_story(story.id))
    return Brought(story=answer, reader_token=reader_token())


def _one(story: models.Story, *, put_away: bool) -> Library:
    kept = service().library.stories.kept(story.reader_id, put_away=put_away)
    return Library(stories=[KeptStory.of(one) for one in kept if one.story.id == story.id])


def _shared(story: models.Story) -> str | None:
    return url_for("pages.shared", key=story.shared_as) if story.shared_as else None
