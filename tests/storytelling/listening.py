"""Listening: an answer iterated in a thread of its own, so that a test can close it meanwhile."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread

from dream.errors import StorytellerFailed
from dream.storytelling.prompt import Message, Prompt
from dream.storytelling.storytellers import Finish, Stream

PROMPT = Prompt((Message("system", "Tell stories."), Message("user", "A bell.")), seed=7, max_words=400)


def listen(stream: Stream) -> tuple[str, Finish | StorytellerFailed | None]:
    """The text that came, and how it ended: None where the iteration just ran out."""
    text = ""
    try:
        for item in stream:
            if isinstance(item, Finish):
                return text, item
            text += item
    except StorytellerFailed as error:
        return text, error
    return text, None


class Listening:
    """Iterates `stream` at once. `heard` receives each piece as it comes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.heard: SimpleQueue[str] = SimpleQueue()
        self.end: Finish | StorytellerFailed | None = None
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes the stream; the test fails where the iteration has not ended soon after."""
        self._stream.close()
        self._thread.join(5)
        assert not self._thread.is_alive(), "the iteration goes on although its stream was closed"

    def _listen(self) -> None:
        try:
            for item in self._stream:
                if isinstance(item, Finish):
                    self.end = item
                else:
                    self.heard.put(item)
        except StorytellerFailed as error:
            self.end = error
