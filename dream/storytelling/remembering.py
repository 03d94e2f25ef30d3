"""Remembering: each told scene is read once more, in the background, for what the next one has to know.

It begins after the scene's last event, in threads of its own, so that it holds up neither an ending nor a telling.
Which scenes still wait for it stands in SQL: what a dead process left is done again. Whatever goes wrong with a model,
the scene's own words give a memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from dream.errors import StorytellerFailed
from dream.logs import request_id
from dream.settings import Settings
from dream.store import models
from dream.store.library import Library
from dream.storytelling.asking import Asking
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History, Standing
from dream.storytelling.memory import form
from dream.storytelling.memory.people import Said, corrected, grown
from dream.storytelling.memory.record import NOTHING, Figure, Memory
from dream.storytelling.quotas import Quotas
from dream.storytelling.rewriting import READER
from dream.storytelling.storytellers import Finish, Storyteller
from dream.storytelling.voices import Voice

AT_ONCE = 3
WATCH_SECONDS = 0.25
SWEEP_SECONDS = 15.0
LONGEST_SECONDS = 120.0
LAPSE_SECONDS = LONGEST_SECONDS + 60
MOST_TRIES = 3
MOST_CHARACTERS = 40_000
CLOSE_SECONDS = 5.0
TEXT = "text"
"""Who made a memory that was read out of the scene's own words."""

# The finishes after which a model is asked: where it has just failed, or nobody reads on, it is left alone.
_WORTH_ASKING = ("finished", "stopped", "cut_short")

logger = logging.getLogger(__name__)


class Remembering:
    """`alone` says that no other process makes memories of this data, so that what is claimed at the start was left."""

    def __init__(
        self, settings: Settings, library: Library, voices: tuple[Voice, ...], quotas: Quotas, *, alone: bool
    ) -> None:
        limit = min(settings.total_seconds, LONGEST_SECONDS)
        self._settings = settings.model_copy(update={"total_seconds": limit})
        self._library = library
        self._voices = tuple(voice for voice in voices if voice.storyteller.forms) if settings.read_back else ()
        self._quotas = quotas
        self._alone = alone
        self._lock = threading.Lock()
        self._making: dict[str, Asking | None] = {}
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._watcher.start()

    def nudge(self) -> None:
        """Says that a scene waits."""
        self._wake.set()

    def close(self) -> None:
        """Breaks off what is being made; it is made again by whoever comes next."""
        self._closing.set()
        self._wake.set()
        with self._lock:
            askings = list(self._making.values())
        for asking in filter(None, askings):
            asking.cut("service_stopped")
        self._watcher.join(CLOSE_SECONDS)
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._making and time.monotonic() < deadline:
            self._wake.wait(WATCH_SECONDS)
            self._wake.clear()

    # What is remembered

    def along(self, path: Sequence[models.Scene], brief: Brief) -> list[Memory]:
        """The memory of each scene on a path. Where none is made yet, the scene's own words give one."""
        rows = self._library.memories.of([scene.id for scene in path])
        memories: list[Memory] = []
        derived: dict[str, Memory] = {}
        before = NOTHING
        for part, scene in enumerate(path, 1):
            row = rows.get(scene.id)
            if row and row.state == "made":
                before = Memory.model_validate(row.held)
            elif scene.text:
                before = _read(scene, brief, before, part)
                if row is None and scene.ended_at:
                    derived[scene.id] = before
            else:
                before = before.model_copy(update={"choices": ()})
            memories.append(before)
        if derived:  # told by an older build, or brought from elsewhere: read once, and not at each look
            held = {scene_id: memory.model_dump(mode="json") for scene_id, memory in derived.items()}
            self._library.memories.keep_derived(held, TEXT)
        return memories

    def cast(self, story_id: str, memory: Memory) -> tuple[Figure, ...]:
        """The cast of a memory, as the reader has it."""
        return corrected(memory.cast, self.said(story_id))

    def said(self, story_id: str) -> list[Said]:
        """What the reader says of a story's people."""
        rows = self._library.memories.corrections(story_id)
        return [Said(row.name, row.called, row.role, tuple(row.traits), row.left_out) for row in rows]

    def is_making(self, scene_id: str) -> bool:
        """Whether the memory of a scene is still being made."""
        row = self._library.memories.memory(scene_id)
        return row is not None and row.state != "made"

    # Making memories

    def _watch(self) -> None:
        first = True
        while not self._closing.is_set():
            try:
                if first and self._alone:
                    self._library.memories.release()
                first = False
                self._keep_time()
                self._begin_waiting()
            except Exception:
                logger.exception("looking for scenes to remember failed once")
            self._wake.wait(WATCH_SECONDS if self._making else SWEEP_SECONDS)
            self._wake.clear()

    def _keep_time(self) -> None:
        with self._lock:
            askings = list(self._making.values())
        for asking in filter(None, askings):
            asking.keep_time()

    def _begin_waiting(self) -> None:
        lapsed = time.time() - LAPSE_SECONDS
        while len(self._making) < AT_ONCE and not self._closing.is_set():
            if not self._library.memories.is_waited_for(lapsed):
                return
            scene_id = self._library.memories.claim(lapsed)
            if scene_id is None:
                return
            with self._lock:
                self._making[scene_id] = None
            threading.Thread(target=self._run, args=(scene_id,), name=f"memory-{scene_id}", daemon=True).start()

    def _run(self, scene_id: str) -> None:
        try:
            self._make(scene_id)
        except Exception:
            logger.exception("the memory of scene %s could not be made", scene_id)
            row = self._library.memories.memory(scene_id)
            if row and row.tries >= MOST_TRIES:
                self._library.memories.keep(scene_id, NOTHING.model_dump(mode="json"), "")
        finally:
            with self._lock:
                self._making.pop(scene_id, None)
            self._wake.set()

    def _make(self, scene_id: str) -> None:
        path = self._library.scenes.path(scene_id)
        story = self._library.stories.story(path[-1].story_id) if path else None
        if story is None:
            return  # deleted meanwhile
        if row := self._library.memories.memory(scene_id):
            request_id.set(row.request_id)  # this thread has a context of its own
        scene, brief = path[-1], Brief.model_validate(story.brief)
        before = self.along(path[:-1], brief)[-1] if len(path) > 1 else NOTHING
        memory = self._asked(scene, story, brief, before, len(path))
        if memory is None and self._closing.is_set():
            return  # broken off: whoever comes next asks again
        made_by = TEXT if memory is None else self._voices[0].storyteller.name
        memory = memory or _read(scene, brief, before, len(path))
        self._library.memories.keep(scene_id, memory.model_dump(mode="json"), made_by)

    def _asked(
        self, scene: models.Scene, story: models.Story, brief: Brief, before: Memory, part: int
    ) -> Memory | None:
        """A model's reading of the scene; None where none is to be asked, or its answer cannot be used."""
        # Who could not tell it just now is not asked, and one that is being tested after failures is left to tellings.
        voices = tuple(
            voice
            for voice in self._voices
            if scene.storyteller in (voice.storyteller.name, READER) and voice.breaker.state == "closed"
        )[:1]
        if not voices or scene.finish not in _WORTH_ASKING:
            return None
        prompt = form.ask(scene.text, brief, self.cast(story.id, before), before.summary, seed=scene.seed)
        with self._library.memories.begun() as session:
            if not self._quotas.enter_memory(session, scene.id, story.reader_id, prompt.characters):
                return None
        pieces: list[str] = []
        asking = Asking(self._settings, voices)

        def take(_storyteller: Storyteller, piece: str) -> bool:
            pieces.append(piece)
            if sum(map(len, pieces)) > MOST_CHARACTERS:
                asking.cut("too_long")
            return bool(piece.strip())

        with self._lock:
            self._making[scene.id] = asking
        if self._closing.is_set():
            asking.cut("service_stopped")
        finish, code = None, None
        try:
            finish = asking.listen(prompt, take)
        except StorytellerFailed as error:
            code = asking.reason or error.code
        reading = form.answered("".join(pieces)) if finish else None
        if finish and reading is None:
            code = "misfit"
        self._settle(scene.id, voices[0], prompt.characters, "".join(pieces), finish, code)
        if reading is None:
            logger.info("scene %s is remembered by its own words: %s", scene.id, code)
            return None
        cast = grown(before.cast, reading.cast, scene.text, part)
        return Memory(cast=cast, choices=reading.choices, summary=reading.summary)

    def _settle(
        self, scene_id: str, voice: Voice, asked: int, said: str, finish: Finish | None, code: str | None
    ) -> None:
        with self._library.memories.begun() as session:
            self._quotas.settle_memory(session, scene_id, voice.storyteller, (asked, len(said)), finish, code)


def remembered(
    remembering: Remembering, story: models.Story, path: Sequence[models.Scene], direction: str = ""
) -> tuple[History, Standing]:
    """What the scene after a path is told from: the story so far, and what holds in it."""
    memories = remembering.along(path, Brief.model_validate(story.brief))
    told = [(scene.text, memory.summary) for scene, memory in zip(path, memories, strict=True) if scene.text]
    history = History(tuple(text for text, _ in told), direction, tuple(summary for _, summary in told))
    cast = remembering.cast(story.id, memories[-1] if memories else NOTHING)
    return history, Standing(story.note, tuple(story.facts), cast)


def _read(scene: models.Scene, brief: Brief, before: Memory, part: int) -> Memory:
    from dream.storytelling.memory import text  # and the loom, which no model's story waits for

    return text.read(scene.text, brief, before, part=part, seed=scene.seed, taken=scene.direction)
