"""The loom: the built-in storyteller. No language model, no key, no network.

It reads the same prompt as any model, plans a story from the brief and the fragments, and tells it at a pace one can
read along with.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence

from dream.settings import Settings
from dream.storytelling.prompt import Prompt
from dream.storytelling.storytellers import Finish, Stream
from dream.storytelling.storytellers.loom import english, korean
from dream.storytelling.storytellers.loom.line import Line
from dream.storytelling.storytellers.loom.reading import Request, read

_WORD = re.compile(r"\S+\s*")


def create(settings: Settings) -> Loom:
    return Loom(settings.loom_pace)


def weave(request: Request) -> list[Line]:
    """The scene that a request asks for, sentence by sentence; the same request gives the same scene."""
    return korean.weave(request) if request.language == "ko" else english.weave(request)


def render(lines: Sequence[Line]) -> str:
    """The text of a scene: sentences joined by a space, paragraphs by an empty line."""
    parts = [("\n\n" if line.opens_paragraph else " ") + line.text for line in lines]
    return "".join(parts).lstrip()


class Loom:
    """`pace` is in words a second; 0 tells at once."""

    provider = "loom"
    name = "loom"
    forms = False

    def __init__(self, pace: float) -> None:
        self._pace = pace

    def prepare(self) -> None:
        for language, premise in (("en", "A bell."), ("ko", "종.")):  # the first story of each reads its frames
            weave(Request(language, "short", "free", premise, "", "", "", "", "", (), 0))

    def tell(self, prompt: Prompt) -> Stream:
        return _Telling(render(weave(read(prompt))), self._pace)


class _Telling:
    """A text told word by word. Closing it ends the wait for the next word at once."""

    def __init__(self, text: str, pace: float) -> None:
        self._text = text
        self._wait = 1 / pace if pace > 0 else 0.0
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[str | Finish]:
        for match in _WORD.finditer(self._text):
            if self._closed.is_set():
                return
            yield match.group()
            if self._wait:
                self._closed.wait(self._wait)
        if not self._closed.is_set():
            yield Finish("finished")

    def close(self) -> None:
        self._closed.set()
