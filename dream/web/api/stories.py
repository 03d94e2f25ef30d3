"""Stories, their scenes, and the events of a telling."""

from __future__ import annotations

from typing import Annotated

from flask import Response, current_app
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dream.errors import Conflict, CorpusMissing, NotFound, QuotaSpent
from dream.storytelling.brief import Brief
from dream.web.api import api
from dream.web.api.answers import (
    Begun,
    CopiedRunAnswer,
    SceneAnswer,
    SceneDetail,
    SourceAnswer,
    Stories,
    StoryAnswer,
    StoryLine,
    ThreadAnswer,
    TieAnswer,
)
from dream.web.auth import (
    actor,
    known_reader,
    own_scene,
    own_scene_state,
    own_story,
    present_reader,
    reader_token,
    welcome,
)
from dream.web.current import service
from dream.web.operation import operation


class NextScene(BaseModel):
    """Either `after` (a scene to go on from, with a direction if wished) or `again` (a scene to tell anew)."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = Field(None, max_length=64, description="Go on from this scene: the new one is its child.")
    direction: Annotated[str, Field(max_length=500)] = Field("", description="What should happen next.")
    again: str | None = Field(None, max_length=64, description="Tell this scene anew: the new one is its sibling.")

    @model_validator(mode="after")
    def _one_of_both(self) -> NextScene:
        if bool(self.after) == bool(self.again):
            raise ValueError(
                "Please give either `after` or `again`: the id of the scene to go on from, or to tell anew."
            )
        return self


@api.post("/stories")
@operation("Begin a story", scope="tell", status=201, body=Brief, answer=Begun, refuses=(CorpusMissing, QuotaSpent))
def begin(body: Brief) -> Begun:
    corpus, reader = service().check_story(body, actor()), present_reader()
    story, scene = service().begin_story(reader, body, corpus, actor())
    if reader is None:
        welcome(story.reader_id)
    told = StoryAnswer.of(story, [scene])
    return Begun(story=told, scene=told.scenes[0], events=told.scenes[0].events, reader_token=reader_token())


@api.get("/stories")
@operation("Your stories, newest first", scope="read", answer=Stories)
def stories() -> Stories:
    reader = known_reader()
    found = service().library.stories.of_reader(reader, limit=100) if reader else []
    return Stories(
        stories=[
            StoryLine(id=s.id, premise=s.brief["premise"], created_at=s.created_at, url=f"/api/v1/stories/{s.id}")
            for s in found
        ]
    )


@api.get("/stories/<story_id>")
@operation("A story with all its scenes", scope="read", answer=StoryAnswer, refuses=(NotFound,))
def story(story_id: str) -> StoryAnswer:
    found = own_story(story_id)
    return StoryAnswer.of(found, service().library.scenes.of_story(story_id))


@api.post("/stories/<story_id>/scenes")
@operation(
    "Go on with a story, or tell a scene again",
    scope="tell",
    status=201,
    body=NextScene,
    answer=SceneAnswer,
    refuses=(NotFound, Conflict, QuotaSpent),
)
def add_scene(story_id: str, body: NextScene) -> SceneAnswer:
    found = own_story(story_id)
    if body.again:
        return SceneAnswer.of(service().tell_again(found, body.again, actor()))
    return SceneAnswer.of(service().continue_story(found, str(body.after), body.direction, actor()))


@api.get("/scenes/<scene_id>")
@operation("A scene with its text, sources and threads", scope="read", answer=SceneDetail, refuses=(NotFound,))
def scene(scene_id: str) -> SceneDetail:
    found = own_scene(scene_id)
    scenes = service().library.scenes
    threads: dict[int, ThreadAnswer] = {}
    for row in scenes.threads(scene_id):
        thread = threads.setdefault(row.start, ThreadAnswer(start=row.start, end=row.end, ties=[]))
        thread.ties.append(TieAnswer(fragment_id=row.fragment_id, strength=row.strength))
    return SceneDetail(
        **SceneAnswer.of(found).model_dump(),
        sources=[SourceAnswer.model_validate(row) for row in service().sources.of(scene_id)],
        threads=list(threads.values()),
        copied=[CopiedRunAnswer.model_validate(row, from_attributes=True) for row in scenes.copied_runs(scene_id)],
    )


@api.get("/scenes/<scene_id>/events")
@operation(
    "Follow a scene's events from Last-Event-ID or ?after=",
    scope="read",
    media="text/event-stream",
    refuses=(NotFound,),
)
def events(scene_id: str) -> Response:
    state = own_scene_state(scene_id)
    response: Response = current_app.extensions["followers"].stream(service(), scene_id, state)
    return response


@api.post("/scenes/<scene_id>/stop")
@operation(
    "Stop telling a scene; what was told is kept", scope="tell", status=202, answer=SceneAnswer, refuses=(NotFound,)
)
def stop(scene_id: str) -> ResponseReturnValue:
    own_scene(scene_id)
    service().tellings.stop(scene_id)
    return SceneAnswer.of(own_scene(scene_id)).model_dump(), 202
