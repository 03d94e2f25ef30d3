"""Asking: one prompt, put to the voices in their order until one of them begins to tell."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from dream.errors import StorytellerFailed
from dream.metrics import FAILURES
from dream.settings import Settings
from dream.storytelling.faults import FAULTS, Broken, failure
from dream.storytelling.prompt import Prompt
from dream.storytelling.pump import Pump
from dream.storytelling.storytellers import Finish, Pollable, Storyteller, Stream
from dream.storytelling.voices import Voice

RETRY_AFTER_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0

# What a provider's breaker counts. A reader's stop, or a premise that was not to its taste, says nothing of its health.
_COUNTED = {code for code, fault in FAULTS.items() if fault.theirs} | {"paused_too_long"}

logger = logging.getLogger(__name__)

Take = Callable[[Storyteller, str], bool]
"""Receives each piece and who tells it; False where the piece held nothing to tell yet."""


class Asking:
    """A voice is asked once more where it fails before its first piece in a way that may pass; then the next voice is.
    After the first piece nothing is asked again.

    `cut` and `keep_time` may be called from any thread; everything else happens in `listen`.
    """

    def __init__(self, settings: Settings, voices: tuple[Voice, ...], pump: Pump | None = None) -> None:
        self._settings = settings
        self._pump = pump
        self._voices = voices
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._cut: str | None = None
        self._was_cut = threading.Event()
        self._begun_at: float | None = None
        self._asked_at: float | None = None
        self._late = False
        self._last_piece_at: float | None = None

    @property
    def reason(self) -> str | None:
        """Why it was cut, None where it was not."""
        return self._cut

    def listen(self, prompt: Prompt, take: Take) -> Finish:
        """Hands on the pieces as they come. Raises StorytellerFailed, whose code means nothing where it was cut."""
        self._begun_at = time.monotonic()
        for voice in self._voices[:-1]:
            try:
                return self._hear(voice, prompt, take)
            except StorytellerFailed as error:
                if self._is_settled() or error.code == "provider_withheld":
                    raise
                logger.warning("%s failed with %s; another is asked", voice.storyteller.name, error.code)
        return self._hear(self._voices[-1], prompt, take)

    def cut(self, reason: str) -> None:
        """Ends the asking; the provider's connection is closed at once. Only the first reason counts."""
        with self._lock:
            self._cut = self._cut or reason
            stream = self._stream
        self._was_cut.set()
        if stream:
            stream.close()

    def keep_time(self) -> None:
        """Cuts what has missed a deadline, and passes over a voice that does not begin; asked every moment."""
        now = time.monotonic()
        with self._lock:
            overdue = self._overdue(now)
            if overdue == "too_slow":
                self._late = True
            stream = self._stream
        if overdue == "too_slow":
            if stream:
                stream.close()
        elif overdue:
            self.cut(overdue)

    def _overdue(self, now: float) -> str | None:
        if self._begun_at is None:
            return None
        if now - self._begun_at > self._settings.total_seconds:
            return "took_too_long"
        if self._last_piece_at is not None:
            return "paused_too_long" if now - self._last_piece_at > self._settings.between_pieces_seconds else None
        late = self._asked_at is not None and now - self._asked_at > self._settings.first_piece_seconds
        return "too_slow" if late else None

    def _is_settled(self) -> bool:
        """Whether a failure is final: text has come, or nobody waits for any."""
        return self._last_piece_at is not None or self._cut is not None

    def _hear(self, voice: Voice, prompt: Prompt, take: Take) -> Finish:
        with self._lock:
            self._asked_at, self._late = time.monotonic(), False
        try:
            return self._ask(voice, prompt, take)
        except StorytellerFailed as error:
            passing = error.retry and not self._late and error.wait_seconds <= LONGEST_WAIT_SECONDS
            if self._is_settled() or not passing or voice.breaker.state != "closed":
                raise
            logger.info("%s failed with %s; it is asked again", voice.storyteller.name, error.code)
            self._was_cut.wait(max(RETRY_AFTER_SECONDS, error.wait_seconds))
            return self._ask(voice, prompt, take)

    def _ask(self, voice: Voice, prompt: Prompt, take: Take) -> Finish:
        """One request, and what the voice's breaker learns from it."""
        if not voice.breaker.admit():
            raise failure(Broken("provider_resting"), told=False)
        try:
            finish = self._read(voice, prompt, take)
        except StorytellerFailed as error:
            FAILURES.labels(voice.storyteller.provider, self._cut or error.code).inc()
            if (self._cut or error.code) in _COUNTED:
                voice.breaker.failed()
            else:
                voice.breaker.gave_up()
            raise
        except BaseException:
            voice.breaker.gave_up()
            raise
        voice.breaker.succeeded()
        return finish

    def _read(self, voice: Voice, prompt: Prompt, take: Take) -> Finish:
        stream = voice.storyteller.tell(prompt)
        with self._lock:
            self._stream = stream
        try:
            if not self._is_over() and (finish := self._listen(stream, self._turns(voice, stream, take))):
                return finish
        except StorytellerFailed:
            if not self._late:
                raise
        finally:
            stream.close()
        raise failure(Broken("too_slow" if self._late else "cut_off"), told=self._last_piece_at is not None)

    def _listen(self, stream: Stream, turns: Iterator[Finish | None]) -> Finish | None:
        """Listens to an answer's first piece here and, where that can be, to the others from the pump."""
        for turn in turns:
            if turn:
                return turn
            if self._pump and isinstance(stream, Pollable) and (connection := stream.unblock()):
                return self._pump.read(connection, turns)
        return None

    def _turns(self, voice: Voice, stream: Stream, take: Take) -> Iterator[Finish | None]:
        """None after the first piece and whenever nothing has come, and last the Finish, where there is one."""
        for item in stream:
            if isinstance(item, Finish):
                yield item
                return
            begins = self._last_piece_at is None
            if item and take(voice.storyteller, item):
                self._note_piece(voice)
            else:
                begins = False
            if self._is_over():
                return
            if begins or not item:
                yield None

    def _is_over(self) -> bool:
        return self._cut is not None or self._late

    def _note_piece(self, voice: Voice) -> None:
        if self._last_piece_at is None:
            voice.breaker.answered()
        self._last_piece_at = time.monotonic()
