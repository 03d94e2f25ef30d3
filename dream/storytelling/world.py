"""The world of a story: what it has established so far, as its reader has it, and what they may say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dream.errors import Conflict
from dream.settings import Settings
from dream.store import models
from dream.store.library import Library
from dream.store.library.scenes import ENDED
from dream.storytelling import laid_down
from dream.storytelling.brief import Brief
from dream.storytelling.compose import compose
from dream.storytelling.memory.record import Figure
from dream.storytelling.prompt import Prompt
from dream.storytelling.remembering import Remembering, remembered


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a scene leaves for the next; `waits` says that it is still being made."""

    waits: bool
    choices: tuple[str, ...]
    cast: tuple[Figure, ...]
    summary: str


class World:
    """What `remembering` made of the scenes told so far, under what readers corrected and laid down."""

    def __init__(self, settings: Settings, library: Library, remembering: Remembering) -> None:
        self._settings = settings
        self._library = library
        self._remembering = remembering

    def remembered(self, path: Sequence[models.Scene]) -> Remembered:
        """What the last scene of a path leaves for the next, as the reader has it."""
        story = self._story_of(path[-1])
        memory = self._remembering.along(path, Brief.model_validate(story.brief))[-1]
        waits = path[-1].state not in ENDED or self._remembering.is_making(path[-1].id)
        choices = () if waits or not path[-1].text else memory.choices
        return Remembered(waits, choices, self._remembering.cast(story.id, memory), memory.summary)

    def offered(self, scene_id: str) -> tuple[str, ...]:
        """The ways to go on from a scene that are known by now, for a page that will not look again."""
        path = self._library.scenes.path(scene_id)
        story = self._story_of(path[-1])
        memory = self._remembering.along(path, Brief.model_validate(story.brief))[-1]
        return memory.choices if path[-1].text else ()

    def next_prompt(self, path: Sequence[models.Scene]) -> Prompt:
        """What the scene after a path would be told from, without the fragments that are found for it when it is."""
        story = self._story_of(path[-1])
        history, standing = remembered(self._remembering, story, path)
        return compose(
            Brief.model_validate(story.brief), (), history, seed=0, history_budget=self._settings.history_budget,
            standing=standing, memory_budget=self._settings.memory_budget,
        )  # fmt: skip

    def lay_down(self, story: models.Story, note: str, facts: list[str]) -> None:
        """Keeps the reader's note and facts for what is told from now on. Raises FormRefused."""
        self._library.stories.lay_down(story.id, laid_down.note(note), laid_down.facts(facts))

    def correct(
        self, story: models.Story, name: str, called: str, role: str, traits: list[str], *, left_out: bool = False
    ) -> None:
        """Keeps what the reader says of somebody in a story. Raises FormRefused and Conflict."""
        said = laid_down.person(name, called, role, traits, left_out=left_out)
        if len(self._library.memories.corrections(story.id)) >= laid_down.MOST_SAID:
            raise Conflict("As many people as a story may have are put down for this one. Nothing was changed.")
        self._library.memories.correct(
            story.id, said.name, called=said.called, role=said.role, traits=list(said.traits), left_out=said.left_out
        )

    def _story_of(self, scene: models.Scene) -> models.Story:
        story = self._library.stories.story(scene.story_id)
        assert story is not None
        return story
