"""Storytellers: a prompt in, text piece by piece out. The file name is the registration.

Each module here but `choose` has a `create(settings) -> Storyteller`; nothing else of a provider is known outside its
file.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from dream.storytelling.prompt import Prompt

Reason = Literal["finished", "cut_short"]


@dataclass(frozen=True, slots=True)
class Finish:
    """The last thing a storyteller yields. Without it an end is an interruption, whatever the line said.

    `reason` is "cut_short" where the provider stopped at its length limit; token counts are None where it gave none.
    """

    reason: Reason
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


class Stream(Protocol):
    """One answer on its way. Iterating yields text and last a Finish, or raises StorytellerFailed."""

    def __iter__(self) -> Iterator[str | Finish]: ...

    def close(self) -> None:
        """Ends the answer from any thread at any time; the upstream connection is closed within a second. Idempotent.

        The iteration then ends with StorytellerFailed("closed") or without a Finish, unless the storyteller had
        already said that it was done.
        """


@runtime_checkable
class Pollable(Protocol):
    """A stream that may be read as it comes, beside others."""

    def unblock(self) -> socket.socket | None:
        """From now on iterating waits for nothing: it yields "" where nothing has come yet, and the connection says
        when something has. None, and nothing changes, where that cannot be. Called after the first piece.
        """


class Storyteller(Protocol):
    """`name` is what readers see, such as "loom" or "gpt-5"; `provider` is the name of the file it lives in. `forms`
    says whether it fills a prompt's form in: its answer is then JSON, which whoever asked has to check.
    """

    provider: str
    name: str
    forms: bool

    def prepare(self) -> None:
        """Loads what the first reader would otherwise wait for. Nothing is asked of anyone; faults show in telling."""

    def tell(self, prompt: Prompt) -> Stream: ...
