"""What a story has established, for programs: its memory, what the reader lays down, and what its prompts held."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dream.errors import Conflict, FormRefused, NotFound
from dream.store import models
from dream.storytelling.laid_down import MOST_FACTS
from dream.storytelling.memory.record import Figure
from dream.storytelling.prompt import Part
from dream.web.api import api
from dream.web.auth import own_scene, own_story
from dream.web.current import service
from dream.web.operation import operation


class MemoryAnswer(BaseModel):
    """What a scene leaves for the next one."""

    state: Literal["making", "made"] = Field(description="While it is being made, cast and summary come from the text.")
    choices: list[str] = Field(description="Ways to go on; send one as `direction`.")
    cast: list[Figure] = Field(description="Who the story has established, as the reader has them.")
    summary: str = Field(description="The story from its beginning to this scene's end, in short.")


class Standing(BaseModel):
    """What the reader lays down for all that is told of a story from now on."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=4000)] = Field("", description="How it should be told.")
    facts: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=5 * MOST_FACTS)] = Field(
        default_factory=list, description="What holds in the story, one sentence each."
    )


class Correction(BaseModel):
    """What the reader says of somebody; it wins over the text, in every branch of the story."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="What the cast calls them.")
    called: Annotated[str, Field(max_length=80)] = Field("", description="Another name, where they have one.")
    role: Annotated[str, Field(max_length=200)] = ""
    traits: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=8)] = Field(default_factory=list)
    left_out: bool = Field(False, description="They are not in this story.")
    take_back: bool = Field(False, description="Forgets what was said of them; the text has the word again.")


class Corrections(BaseModel):
    corrections: list[Correction]


class PartAnswer(BaseModel):
    kind: str = Field(description="rules, wishes, note, facts, cast, summary, fragment, story or request.")
    characters: int
    left_out: int = Field(description="Characters that there was no room for.")
    number: int = Field(description="A fragment's place in the prompt; 0 for all else.")


class PromptAnswer(BaseModel):
    """What a prompt holds, by part and size."""

    parts: list[PartAnswer] = Field(description="Empty for what was not told from a prompt.")
    following: list[PartAnswer] = Field(
        description="The next scene's, without fragments; empty while this one is told."
    )


@api.get("/scenes/<scene_id>/memory")
@operation("What a scene leaves for the next one", scope="read", answer=MemoryAnswer, refuses=(NotFound,))
def memory(scene_id: str) -> MemoryAnswer:
    found = service().world.remembered(service().library.scenes.path(own_scene(scene_id).id))
    state: Literal["making", "made"] = "making" if found.waits else "made"
    return MemoryAnswer(state=state, choices=list(found.choices), cast=list(found.cast), summary=found.summary)


@api.get("/scenes/<scene_id>/prompt")
@operation("What a scene's prompt held, by part and size", scope="read", answer=PromptAnswer, refuses=(NotFound,))
def prompt(scene_id: str) -> PromptAnswer:
    scene = own_scene(scene_id)
    following = service().world.next_prompt(service().library.scenes.path(scene_id)).parts if scene.ended_at else ()
    return PromptAnswer(
        parts=[PartAnswer(**part) for part in scene.prompt or ()], following=[_part(part) for part in following]
    )


@api.get("/stories/<story_id>/standing")
@operation("What is laid down for a story", scope="read", answer=Standing, refuses=(NotFound,))
def standing(story_id: str) -> Standing:
    return _standing(own_story(story_id))


@api.put("/stories/<story_id>/standing")
@operation(
    "Lay down a note and facts for a story",
    scope="tell",
    body=Standing,
    answer=Standing,
    refuses=(NotFound, FormRefused),
)
def lay_down(story_id: str, body: Standing) -> Standing:
    service().world.lay_down(own_story(story_id), body.note, body.facts)
    return _standing(own_story(story_id))


@api.get("/stories/<story_id>/cast")
@operation("What the reader says of a story's people", scope="read", answer=Corrections, refuses=(NotFound,))
def corrections(story_id: str) -> Corrections:
    return _corrections(own_story(story_id))


@api.post("/stories/<story_id>/cast")
@operation(
    "Correct somebody in a story", scope="tell", body=Correction, answer=Corrections,
    refuses=(NotFound, Conflict, FormRefused),
)  # fmt: skip
def correct(story_id: str, body: Correction) -> Corrections:
    story = own_story(story_id)
    if body.take_back:
        service().library.memories.take_back(story.id, body.name)
    else:
        service().world.correct(story, body.name, body.called, body.role, body.traits, left_out=body.left_out)
    return _corrections(story)


def _standing(story: models.Story) -> Standing:
    return Standing(note=story.note, facts=list(story.facts))


def _corrections(story: models.Story) -> Corrections:
    said = service().remembering.said(story.id)
    return Corrections(
        corrections=[
            Correction(
                name=one.name, called=one.called, role=one.role, traits=list(one.traits), left_out=one.left_out,
                take_back=False,
            )
            for one in said
        ]
    )  # fmt: skip


def _part(part: Part) -> PartAnswer:
    return PartAnswer(kind=part.kind, characters=part.characters, left_out=part.left_out, number=part.number)
