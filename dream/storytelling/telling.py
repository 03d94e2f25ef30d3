"""A telling: the act of producing one scene, from its claim to its terminal event."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from dream.errors import DreamError, StorytellerFailed
from dream.logs import fields
from dream.metrics import FIRST_PIECE, PIECE_RATE, PIECES, TELLINGS
from dream.retrieval.fragment import Fragment
from dream.retrieval.retriever import Found, Retriever
from dream.settings import Settings
from dream.store import models
from dream.store.channel import Channel
from dream.store.library import Library, ledger
from dream.store.library import scenes as changes
from dream.store.log import MARK_SECONDS, Added, EventLog
from dream.storytelling.asking import Asking
from dream.storytelling.brief import Brief
from dream.storytelling.compose import NOTHING_LAID_DOWN, History, Standing, compose
from dream.storytelling.ending import Ending, Endings, ending, ending_of
from dream.storytelling.prompt import Prompt
from dream.storytelling.pump import Pump
from dream.storytelling.query import queries
from dream.storytelling.remembering import Remembering, remembered
from dream.storytelling.storytellers import Storyteller
from dream.storytelling.voices import Voice
from dream.wording import worded

MOST_FRAGMENTS = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every telling of a process shares."""

    settings: Settings
    library: Library
    log: EventLog
    retriever: Retriever
    voices: tuple[Voice, ...]
    endings: Endings
    remembering: Remembering
    pump: Pump


class Telling:
    """One scene being told by this process. `cut` may be called from any thread; everything else happens in `run`."""

    def __init__(self, tools: Tools, scene: models.Scene, story: models.Story, history: History | None = None) -> None:
        self.scene_id = scene.id
        self._tools = tools
        # Opened before anyone can ask for it, so that no follower has to find it by polling.
        self._channel = tools.log.open(scene.id, new=scene.epoch == 0)
        self._scene = scene
        self._story = story
        self._given = history
        self._brief = Brief.model_validate(story.brief)
        self._epoch = 0
        self._fragments: list[Fragment] = []
        self._pieces: list[str] = []
        self._usage: dict[str, int | None] | None = None
        self._provider = ""
        self._prompt: Prompt | None = None
        self._began_at = time.monotonic()
        self._first_at: float | None = None
        self._asking = Asking(tools.settings, tools.voices, tools.pump)
        self._over = threading.Event()

    def run(self) -> None:
        """Claims the scene and tells it. Whatever happens, its log ends with one terminal event."""
        try:
            claim = self._claim(self._channel)
            end = self._tell(self._channel, claim)
            if claim.wait():
                text = "".join(self._pieces)
                self._tools.endings.conclude(
                    self._channel, self._epoch, text, self._fragments, self._brief, end,
                    remembered=self._given is None,
                )  # fmt: skip
                self._note_end(end, text)
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
        self._asking.cut(reason)

    def keep_time(self) -> None:
        """Cuts the telling where it misses a deadline, or where nobody has followed it for long; asked every moment."""
        self._asking.keep_time()
        limit = self._tools.settings.unfollowed_seconds
        if self._channel.unfollowed() > limit and not self._is_followed_elsewhere(limit + MARK_SECONDS):
            self.cut("unfollowed")

    def _is_followed_elsewhere(self, seconds: float) -> bool:
        scene = self._tools.library.scenes.scene(self.scene_id)
        return scene is not None and (scene.followed_at or 0) > time.time() - seconds

    def wait(self, seconds: float) -> bool:
        """Waits until the telling is over; False where it is not yet."""
        return self._over.wait(seconds)

    def _claim(self, channel: Channel) -> Added:
        """Takes the scene and begins its log, in one transaction, while the fragments are already being looked for."""

        def take(session: Session) -> bool:
            epoch = changes.claim(session, self.scene_id)
            self._epoch = epoch or 0
            return epoch is not None

        return self._tools.log.add(channel, "begin", {"scene": self.scene_id, "state": "telling"}, take)

    def _tell(self, channel: Channel, claim: Added) -> Ending:
        try:
            history, standing = self._remembered()
            found = self._find(history)
            if not claim.wait():
                return self._ending("stopped")  # another has the scene: nothing of ours is written
            self._fragments = [hit.fragment for hit in found.hits]
            settings = self._tools.settings
            prompt = compose(
                self._brief, self._fragments, history, seed=self._scene.seed, history_budget=settings.history_budget,
                standing=standing, memory_budget=settings.memory_budget,
            )  # fmt: skip
            self._prompt = prompt
            self._lay_sources(channel, found, prompt)
            finish = self._asking.listen(prompt, self._take)
            self._usage = {"prompt_tokens": finish.prompt_tokens, "answer_tokens": finish.answer_tokens}
            return self._ending(finish.reason if self._pieces else "told_nothing")
        except StorytellerFailed as error:
            return self._ending(cut) if (cut := self._asking.reason) else ending_of(error)
        except DreamError as error:
            return Ending(error.code, error.sentence, error.retry)
        except Exception:
            logger.exception("the telling of scene %s broke off", self.scene_id)
            return self._ending(self._asking.reason or "internal")

    def _ending(self, reason: str) -> Ending:
        return ending(reason, self._usage, told=bool(self._pieces))

    def _remembered(self) -> tuple[History, Standing]:
        """What was told on the way here, with what it has established; a program that keeps its own story says all."""
        if self._given is not None:
            return self._given, NOTHING_LAID_DOWN
        parent, remembering = self._scene.parent_id, self._tools.remembering
        path = self._tools.library.scenes.path(parent) if parent else []
        return remembered(remembering, self._story, path, self._scene.direction)

    def _find(self, history: History) -> Found:
        return self._tools.retriever.for_story(
            self._story.corpus_id, queries(self._brief, history), limit=MOST_FRAGMENTS,
            budget=self._tools.settings.fragment_budget, language=self._brief.spoken_language,
        )  # fmt: skip

    def _lay_sources(self, channel: Channel, found: Found, prompt: Prompt) -> None:
        """Logs the fragments by id; a strict story without any is refused here."""
        refused = not found.hits and self._brief.grounding == "strict"
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
        parts = [] if refused else [asdict(part) for part in prompt.parts]

        def lay(session: Session) -> bool:
            changes.keep_prompt(session, self.scene_id, parts)
            return changes.lay_sources(session, self.scene_id, rows)

        # Not urgent: writing them at once would hold up the asking.
        self._tools.log.add(channel, "sources", data, lay, urgent=False)
        if refused:
            raise StorytellerFailed(
                "nothing_fits",
                worded(
                    "Your premise is kept. Nothing on this shelf fits it, and a strict story tells only what its "
                    "sources hold: choose another grounding, or other words."
                ),
                retry=False,
            )

    def _take(self, storyteller: Storyteller, piece: str) -> bool:
        """Logs a piece, the first one behind the name of who tells it. False where there is nothing to tell in it."""
        text = unicodedata.normalize("NFC", piece if self._pieces else piece.lstrip())
        if not text:
            return False
        if not self._pieces:
            self._name(storyteller)
            self._provider, self._first_at = storyteller.provider, time.monotonic()
            FIRST_PIECE.labels(self._provider).observe(self._first_at - self._began_at)
        self._pieces.append(text)
        self._tools.log.piece(self._channel, text)
        return True

    def _note_end(self, end: Ending, text: str) -> None:
        state, now = end.state(text), time.monotonic()
        TELLINGS.labels(state, "" if state in ("told", "stopped") else end.reason).inc()
        if self._first_at is not None:
            PIECES.labels(self._provider).inc(len(self._pieces))
            if len(self._pieces) > 1 and now > self._first_at:
                PIECE_RATE.labels(self._provider).observe((len(self._pieces) - 1) / (now - self._first_at))
        said = fields(
            scene=self.scene_id, state=state, reason=end.reason, provider=self._provider, pieces=len(self._pieces),
            characters=len(text), seconds=round(now - self._began_at, 2),
        )  # fmt: skip
        logger.info("a telling ended", extra=said)

    def _name(self, storyteller: Storyteller) -> None:
        first, name = self._tools.voices[0].storyteller, storyteller.name
        said = {"provider": storyteller.provider, "name": name}
        if storyteller is not first:
            said["instead_of"] = first.name

        def note(session: Session) -> bool:
            ledger.name(
                session, self.scene_id, storyteller.provider, name, self._prompt.characters if self._prompt else 0
            )
            return changes.name_storyteller(session, self.scene_id, name)

        # It goes with the first piece, which is urgent.
        self._tools.log.add(self._channel, "storyteller", said, note, urgent=False)
