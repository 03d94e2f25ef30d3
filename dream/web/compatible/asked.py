"""What is asked: OpenAI's request, read as a story."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dream.storytelling.brief import PREMISE_LIMIT, Brief, Grounding, Language, Length, Words, clean
from dream.storytelling.compose import History
from dream.web.compatible.errors import Refused

MOST_MESSAGES = 200
LONGEST_DIRECTION = 4000


class Part(BaseModel):
    type: str
    text: str = ""


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its words. Raises Refused for what is none, such as an image."""
        if not isinstance(self.content, list):
            return self.content or ""
        if any(part.type != "text" for part in self.content):
            raise Refused("dream reads text alone: please leave out images, sound and files.", "messages")
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    include_usage: bool = False


class ResponseFormat(BaseModel):
    type: str


class Wishes(BaseModel):
    """dream's own field: what a brief holds besides its premise."""

    model_config = ConfigDict(extra="forbid")

    hero: Words = ""
    place: Words = ""
    tone: Words = ""
    length: Length = "medium"
    language: Language | None = None
    grounding: Grounding = "inspired"


class Asked(BaseModel):
    """Fields that only shade an answer (temperature and the like) are taken and do nothing; those that would change
    its shape are refused.
    """

    model: Annotated[str, Field(max_length=80)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: int | None = 1
    seed: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    logprobs: bool | None = None
    response_format: ResponseFormat | None = None
    dream: Wishes = Wishes()

    def check(self) -> None:
        """Raises Refused for what dream does not do."""
        if self.n not in (None, 1):
            raise Refused("dream tells one story a request: n can only be 1.", "n")
        for name in ("tools", "functions", "logprobs"):
            if getattr(self, name):
                raise Refused(f"dream tells stories and does not take {name}.", name, "unsupported_parameter")
        if self.response_format and self.response_format.type != "text":
            raise Refused("A story is text: response_format can only be text.", "response_format")
        if len(self.stops) > 4 or not all(self.stops):
            raise Refused("stop can be one to four texts, none of them empty.", "stop")

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def most_tokens(self) -> int | None:
        given = [most for most in (self.max_completion_tokens, self.max_tokens) if most is not None]
        return min(given) if given else None

    @property
    def characters(self) -> int:
        return sum(len(message.text) for message in self.messages)

    def brief(self) -> Brief:
        """The first thing that the user says is the premise. Raises Refused."""
        said = [message.text for message in self.messages if message.role == "user"]
        if not said:
            raise Refused("Please say in a message of the user what the story is about.", "messages")
        if len(said[0]) > PREMISE_LIMIT:
            raise Refused(
                f"Please keep the first message to {PREMISE_LIMIT:,} characters; it has {len(said[0]):,}.",
                "messages", "context_length_exceeded",
            )  # fmt: skip
        seed = None if self.seed is None else self.seed % 2**31
        try:
            return Brief(premise=said[0], seed=seed, **self.dream.model_dump())
        except ValidationError as error:
            raise Refused(error.errors()[0]["msg"].removeprefix("Value error, "), "messages") from None

    def history(self) -> History:
        """The story so far as the client kept it, and what is wanted next: the client's instructions and what the user
        said last. To dream they are a reader's words, in blocks of their own. Raises Refused.
        """
        told = tuple(_clean(message.text) for message in self.messages if message.role == "assistant")
        wishes = [message.text for message in self.messages if message.role in ("system", "developer")]
        wishes += [message.text for message in self.messages if message.role == "user"][1:][-1:]
        direction = _clean("\n\n".join(wishes))
        if len(direction) > LONGEST_DIRECTION:
            raise Refused(
                f"Please keep the instructions and the last message to {LONGEST_DIRECTION:,} characters together.",
                "messages", "context_length_exceeded",
            )  # fmt: skip
        return History(tuple(filter(None, told)), direction)


def _clean(text: str) -> str:
    try:
        return clean(text)
    except ValueError as error:
        raise Refused(str(error), "messages") from None
