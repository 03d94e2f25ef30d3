"""How a telling ends: what is kept of it, its threads, and exactly one terminal event."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from dream.errors import StorytellerFailed
from dream.logs import request_id
from dream.retrieval.embedding import Embedder
from dream.retrieval.fragment import Fragment
from dream.store import models
from dream.store.channel import Channel
from dream.store.library import Library, ledger, memories
from dream.store.library import scenes as changes
from dream.store.log import EventLog
from dream.storytelling.brief import Brief
from dream.storytelling.provenance import trace
from dream.storytelling.quotas import Quotas
from dream.wording import worded

logger = logging.getLogger(__name__)

State = Literal["told", "stopped", "interrupted", "failed"]

# What a scene's saved finish says of its end; anything else is the code of what went wrong.
_STATES: dict[str, State] = {"finished": "told", "stopped": "stopped", "unfollowed": "stopped"}

_HAPPENED = {
    "finished": "",
    "stopped": worded("The telling was stopped."),
    "cut_short": worded("The storyteller reached the end of its page."),
    "teller_died": worded("The telling was broken off when the service stopped."),
    "service_stopped": worded("The service was stopped during the telling."),
    "unfollowed": worded("Nobody had been reading for a while, so the telling was stopped."),
    "paused_too_long": worded("The storyteller fell silent for too long."),
    "took_too_long": worded("The telling took longer than is allowed."),
    "told_nothing": worded("The storyteller ended without telling anything."),
    "internal": worded("Something went wrong on our side."),
}

_TEXT_KEPT = worded("What was told is kept, and can be continued.")
_PREMISE_KEPT = worded("Your premise is kept, and can be told again.")


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a telling ended: "finished", "stopped", or a code; with the sentence a reader sees and whether trying
    again may help.
    """

    reason: str
    sentence: str = ""
    retry: bool = True
    usage: dict[str, Any] | None = None

    def state(self, text: str) -> State:
        """Failed means no text, interrupted means text kept; told only where the storyteller said that it had
        finished.
        """
        return _STATES.get(self.reason) or ("interrupted" if text else "failed")


def ending(reason: str, usage: dict[str, Any] | None = None, *, told: bool) -> Ending:
    """The ending for one of the reasons that dream itself gives; `told` says whether there is any text."""
    kept = _TEXT_KEPT if told else _PREMISE_KEPT
    sentence = f"{kept} {_HAPPENED[reason]}" if _HAPPENED[reason] else ""
    return Ending(reason, sentence, retry=reason not in ("finished", "stopped"), usage=usage)


def ending_of(error: StorytellerFailed) -> Ending:
    return Ending(error.code, error.sentence, error.retry)


class Endings:
    """Ends tellings, those of this process and those whose process died."""

    def __init__(
        self,
        library: Library,
        log: EventLog,
        embedder: Callable[[], Embedder | None],
        quotas: Quotas,
        remember: Callable[[], None],
    ) -> None:
        self._library = library
        self._log = log
        self._embedder = embedder
        self._quotas = quotas
        self._remember = remember
        # One at a time: many stories that end together would otherwise take the interpreter from those still told.
        self._tying = threading.Lock()

    def conclude(
        self,
        channel: Channel,
        epoch: int,
        text: str,
        fragments: Sequence[Fragment],
        brief: Brief,
        end: Ending,
        *,
        remembered: bool = True,
    ) -> bool:
        """Saves the reason, ties the threads, closes the log, and asks for the scene's memory where it is to be
        `remembered`. False where another telling of the scene ended it first.
        """
        scene_id = channel.scene_id
        self._library.scenes.save_finish(scene_id, epoch, end.reason, end.usage)
        tied = any(event.name == "threads" for event in channel.events())  # by a process that died right after
        if text and not tied:
            self._tie(channel, text, fragments, brief)
        state = end.state(text)
        code = None if state in ("told", "stopped") else end.reason
        data = {"state": state, "usage": end.usage, "code": code, "retry": end.retry, "sentence": end.sentence}

        asked_by = request_id.get()  # the scribe, which commits this, serves all requests

        def close(session: Session) -> bool:
            ended = changes.end(session, scene_id, epoch, state, text, code)
            if ended:
                self._settle(session, scene_id, state=state, code=code, text=text, usage=end.usage or {})
                if text and remembered:
                    memories.ask(session, scene_id, asked_by)
            return ended

        ended = self._log.append(channel, state, data, close)
        if text and remembered:
            self._remember()
        return ended

    def _settle(
        self, session: Session, scene_id: str, *, state: State, code: str | None, text: str, usage: dict[str, Any]
    ) -> None:
        """Ends the telling's line in the ledger, where it has one."""
        line = session.get(models.LedgerLine, scene_id)
        if line is None:
            return  # begun by an older build
        prompt, answer = usage.get("prompt_tokens"), usage.get("answer_tokens")
        cost = self._quotas.cost(line.provider, prompt, answer, (line.prompt_characters, len(text)))
        ledger.settle(
            session, scene_id, state=state, code=code, answer_characters=len(text), prompt_tokens=prompt,
            answer_tokens=answer, cost=cost,
        )  # fmt: skip

    def _tie(self, channel: Channel, text: str, fragments: Sequence[Fragment], brief: Brief) -> None:
        """Logs the threads of a text. A fault of ours here costs the reader the threads, never the end of the story."""
        try:
            with self._tying:
                found = trace(text, fragments, self._embedder(), known=known(brief))
        except Exception:
            logger.exception("the threads of scene %s could not be made", channel.scene_id)
            return
        threads = [
            {"start": thread.start, "end": thread.end, "rank": rank, **asdict(tie)}
            for thread in found.threads
            for rank, tie in enumerate(thread.ties, 1)
        ]
        copied = [asdict(run) for run in found.copied]
        shown = {"threads": [asdict(thread) for thread in found.threads], "copied": copied}
        self._log.append(
            channel, "threads", shown, lambda session: changes.tie_threads(session, channel.scene_id, threads, copied)
        )


def known(brief: Brief) -> str:
    """What the reader said, which needs no source."""
    return " ".join(filter(None, (brief.premise, brief.hero, brief.place)))
