"""A telling: the act of producing one scene, from its claim to its terminal event."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from dataclasses import dataclass

from dream.errors import DreamError, StorytellerFailed
from dream.retrieval.fragment import Fragment, Hit
from dream.retrieval.retriever import Retriever
from dream.settings import Settings
from dream.store import models
from dream.store.library import Library
from dream.store.library import scenes as changes
from dream.store.log import Channel, EventLog
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History, compose
from dream.storytelling.ending import Ending, Endings, ending, ending_of
from dream.storytelling.faults import Broken, failure
from dream.storytelling.prompt import Prompt
from dream.storytelling.query import queries
from dream.storytelling.storytellers import Finish, Storyteller, Stream

MOST_FRAGMENTS = 10
RETRY_AFTER_SECONDS = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every telling of a process shares."""

    settings: Settings
    library: Library
    log: EventLog
    retriever: Retriever
    storyteller: Storyteller
    endings: Endings


class Telling:
    """One scene being told by this process. `cut` may be called from any thread; everything else happens in `run`."""

    def __init__(self, tools: Tools, scene: models.Scene, story: models.Story) -> None:
        self.scene_id = scene.id
        self._tools = tools
        # Opened before anyone can ask for it, so that no follower has to find it by polling.
        self._channel = tools.log.open(scene.id)
        self._scene = scene
        self._story = story
        self._brief = Brief.model_validate(story.brief)
        self._fragments: list[Fragment] = []
        self._pieces: list[str] = []
        self._usage: dict[str, int | None] | None = None
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._cut: str | None = None
        self._asked_at: float | None = None
        self._last_piece_at: float | None = None
        self._over = threading.Event()

    def run(self) -> None:
        """Claims the scene and tells it. Whatever happens, its log ends with one terminal event."""
        try:
            epoch = self._tools.library.scenes.claim(self.scene_id)
            if epoch is not None:
                end = self._tell(self._channel)
                text = "".join(self._pieces)
                self._tools.endings.conclude(self._channel, epoch, text, self._fragments, self._brief, end)
        except Exception:
            # What cannot be written now is ended by the sweep, once the database answers again.
            logger.exception("scene %s could not be ended", self.scene_id)
        finally:
            self.leave()

    def leave(self) -> None:
        """Lets go of the scene, in whatever state it is; called by `run`, and for a telling that never ran."""
        self._over.set()
        self._tools.log.shut(self._channel)

    def cut(self, reason: str) -> None:
        """Ends the telling for a reason of ours; the storyteller's connection is closed at once. Only the first
        reason counts.
        """
        with self._lock:
            self._cut = self._cut or reason
            stream = self._stream
        if stream:
            stream.close()

    def overdue(self) -> str | None:
        """The reason to cut this telling now, None while it keeps its deadlines."""
        if self._asked_at is None:
            return None
        settings, now = self._tools.settings, time.monotonic()
        if now - self._asked_at > settings.total_seconds:
            return "took_too_long"
        if self._last_piece_at is None:
            return "too_slow" if now - self._asked_at > settings.first_piece_seconds else None
        return "paused_too_long" if now - self._last_piece_at > settings.between_pieces_seconds else None

    def wait(self, seconds: float) -> bool:
        """Waits until the telling is over; False where it is not yet."""
        return self._over.wait(seconds)

    def _tell(self, channel: Channel) -> Ending:
        try:
            self._tools.log.add(channel, "begin", {"scene": self.scene_id, "state": "telling"})
            history = self._history()
            hits = self._lay_sources(channel, history)
            self._fragments = [hit.fragment for hit in hits]
            budget = self._tools.settings.history_budget
            prompt = compose(self._brief, self._fragments, history, seed=self._scene.seed, history_budget=budget)
            finish = self._listen(channel, prompt)
            self._usage = {"prompt_tokens": finish.prompt_tokens, "answer_tokens": finish.answer_tokens}
            return self._ending(finish.reason if self._pieces else "told_nothing")
        except StorytellerFailed as error:
            return self._ending(self._cut) if self._cut else ending_of(error)
        except DreamError as error:
            return Ending(error.code, error.sentence, error.retry)
        except Exception:
            logger.exception("the telling of scene %s broke off", self.scene_id)
            return self._ending(self._cut or "internal")

    def _ending(self, reason: str) -> Ending:
        return ending(reason, self._usage, told=bool(self._pieces))

    def _history(self) -> History:
        path = self._tools.library.scenes.path(self.scene_id)
        return History(tuple(scene.text for scene in path[:-1] if scene.text), self._scene.direction)

    def _lay_sources(self, channel: Channel, history: History) -> list[Hit]:
        """Retrieves the fragments and logs them by id; a strict story without any is refused here."""
        settings = self._tools.settings
        found = self._tools.retriever.for_story(
            self._story.corpus_id, queries(self._brief, history), limit=MOST_FRAGMENTS, budget=settings.fragment_budget,
            language=self._brief.spoken_language,
        )  # fmt: skip
        rows = [
            {
                "fragment_id": hit.fragment.id,
                "rank": hit.rank,
                "score": hit.score,
                "reasons": {**hit.reasons, "found": list(hit.words)},
            }
            for hit in found.hits
        ]
        data = {"sources": rows, "missing": list(found.missing)}
        self._tools.log.add(channel, "sources", data, lambda session: changes.lay_sources(session, self.scene_id, rows))
        if not found.hits and self._brief.grounding == "strict":
            raise StorytellerFailed(
                "nothing_fits",
                "Nothing on this shelf fits the premise, and a strict story tells only what its sources hold. "
                "Your premise is kept: choose another grounding, or other words.",
                retry=False,
            )
        return list(found.hits)

    def _listen(self, channel: Channel, prompt: Prompt) -> Finish:
        """The storyteller's whole answer, logged as it comes; asked once more where it failed before its first
        piece.
        """
        self._asked_at = time.monotonic()
        try:
            return self._ask(channel, prompt)
        except StorytellerFailed as error:
            if self._pieces or self._cut or not error.retry:
                raise
            logger.info("scene %s: asking again after %s", self.scene_id, error.code)
            self._over.wait(RETRY_AFTER_SECONDS)
            return self._ask(channel, prompt)

    def _ask(self, channel: Channel, prompt: Prompt) -> Finish:
        stream = self._tools.storyteller.tell(prompt)
        with self._lock:
            self._stream = stream
        try:
            if self._cut:
                raise StorytellerFailed(self._cut, "")
            for item in stream:
                if isinstance(item, Finish):
                    return item
                self._take(channel, item)
                if self._is_cut():
                    break
        finally:
            stream.close()
        raise failure(Broken("cut_off"), told=bool(self._pieces))

    def _is_cut(self) -> bool:
        return self._cut is not None

    def _take(self, channel: Channel, piece: str) -> None:
        text = unicodedata.normalize("NFC", piece if self._pieces else piece.lstrip())
        if not text:
            return
        if not self._pieces:
            name = self._tools.storyteller.name
            self._tools.log.add(
                channel, "storyteller", {"provider": self._tools.storyteller.provider, "name": name},
                lambda session: changes.name_storyteller(session, self.scene_id, name),
            )  # fmt: skip
        self._pieces.append(text)
        self._last_piece_at = time.monotonic()
        self._tools.log.piece(channel, text)
