"""The storyteller `langchain`: any other provider, through LangChain's `init_chat_model`."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from contextlib import aclosing, suppress
from functools import cache
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, cast

from dream.errors import SetupFailed
from dream.settings import Settings
from dream.storytelling.answer import LastWord, answer
from dream.storytelling.faults import Broken, by_status
from dream.storytelling.prompt import Form, Prompt
from dream.storytelling.storytellers import Finish

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessageChunk
    from langchain_core.runnables import Runnable

    Asked = Runnable[LanguageModelInput, Any]

# What the providers' integrations call the reason for an end, in a message's response_metadata.
_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason")
# The ends of an answer that is the call of a tool, which is how many integrations have a form filled in.
_CALLED = {"tool_calls", "tool_use", "function_call", "tool_call"}
# See the storyteller openai: a ceiling against an answer that never ends.
_TOKENS_A_WORD = 6
_TOKENS_TO_THINK = 2000


def create(settings: Settings) -> LangChainStoryteller:
    """Raises SetupFailed where no model is named. LangChain itself is only imported when it tells."""
    if not settings.model:
        raise SetupFailed("No model is set: set DREAM_MODEL to provider:name, for example anthropic:claude-sonnet-4-5.")
    return LangChainStoryteller(settings.model, max(settings.first_piece_seconds, settings.between_pieces_seconds) + 10)


class LangChainStoryteller:
    provider = "langchain"
    forms = True

    def __init__(self, name: str, silence: float) -> None:
        self.name = name
        self._silence = silence

    def prepare(self) -> None:
        with suppress(Broken):  # what is missing is said when it tells
            _model(self.name, self._silence, _TOKENS_TO_THINK)

    def tell(self, prompt: Prompt) -> Answer:
        return Answer(self.name, self._silence, prompt)


class Answer:
    """One answer; see Stream.

    The model streams in an event loop and not in the thread that iterates, because only a task can be cancelled while
    it waits.
    """

    def __init__(self, model: str, silence: float, prompt: Prompt) -> None:
        self._model, self._silence, self._prompt = model, silence, prompt
        self._arrived: SimpleQueue[str | LastWord | None] = SimpleQueue()
        self._asking: asyncio.Task[None] | None = None
        self._closed = Event()

    def __iter__(self) -> Iterator[str | Finish]:
        return answer(self._sent())

    def close(self) -> None:
        self._closed.set()
        self._arrived.put(None)
        if self._asking is not None:
            _loop().call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        """Cancels until it is heard: Python 3.11's wait_for, which integrations use, forgets a cancellation that comes
        together with a result.
        """
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            _loop().call_later(0.2, self._cancel)

    def _sent(self) -> Generator[str | LastWord, None, None]:
        try:
            if self._closed.is_set():
                raise Broken("closed")
            asked = asyncio.run_coroutine_threadsafe(self._ask(), _loop())
            while (item := self._arrived.get()) is not None:
                if self._closed.is_set():
                    break
                yield item
            if self._closed.is_set():
                raise Broken("closed")
            asked.result()
        finally:
            self.close()

    async def _ask(self) -> None:
        self._asking = asyncio.current_task()
        ceiling = self._prompt.max_words * _TOKENS_A_WORD + _TOKENS_TO_THINK
        try:
            model = await asyncio.to_thread(_model, self._model, self._silence, ceiling)
            bound = None
            if self._prompt.form and self._model not in _in_words:
                bound = await asyncio.to_thread(_bound, model, self._prompt.form)
            if bound is None:
                await self._stream(model)
            elif not await self._filled(bound):
                await self._stream(model)
                _in_words.add(self._model)
        except Exception as error:  # noqa: BLE001 - the types are each integration's own
            raise _broken(error) from None
        finally:
            self._arrived.put(None)

    async def _filled(self, bound: Asked) -> bool:
        """Whether the form was taken; where the provider did not, it may be asked for in words, as the prompt does."""
        try:
            await self._stream(bound)
        except Exception as error:
            if _broken(error).code != "provider_rejected":
                raise
            return False
        return True

    async def _stream(self, asked: Asked) -> None:
        if self._closed.is_set():
            return
        messages = [(message.role, message.text) for message in self._prompt.messages]
        reason = ""
        usage: tuple[int | None, int | None] = (None, None)
        # The model itself: an output parser behind it would not pass a cancellation on.
        async with aclosing(cast("Any", asked.astream(messages))) as chunks:
            async for chunk in chunks:
                called = _called(chunk) if self._prompt.form else ""
                if text := str(chunk.text) + called:
                    self._arrived.put(text)
                reason, usage = _reason(chunk) or reason, _usage(chunk) or usage
                if reason:
                    end = "stop" if self._prompt.form and reason in _CALLED else reason
                    self._arrived.put(LastWord(end, *usage))


# The models that would not take a form and did answer without one.
_in_words: set[str] = set()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all answers, as integrations share their connections among models."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="langchain", daemon=True).start()
    return loop


@cache
def _model(name: str, silence: float, ceiling: int) -> BaseChatModel:
    """Raises Broken("setup_failed")."""
    from langchain.chat_models import init_chat_model  # seconds to import: only where a model is really asked

    try:
        return init_chat_model(name, timeout=silence, max_retries=0, max_tokens=ceiling)
    except ImportError as error:
        package = str(error).partition("`pip install ")[2].partition("`")[0]
        raise Broken(
            "setup_failed", f"The model needs one more package: `pip install {package}`." if package else ""
        ) from None
    except Exception as error:  # noqa: BLE001 - a key that is not set is another error in each integration
        unknown = "Unsupported provider" in str(error) or "infer model provider" in str(error)
        advice = "DREAM_MODEL has to begin with a provider that LangChain knows, such as anthropic:." if unknown else ""
        raise Broken("setup_failed", advice) from None


def _bound(model: BaseChatModel, form: Form) -> Asked | None:
    """The model held to a form in its integration's own way; None where it offers none."""
    from langchain_core.runnables import RunnableSequence

    schema = {"title": form.name, "description": "What a scene leaves.", **form.schema}
    try:
        structured = model.with_structured_output(schema, strict=True)
    except Exception:  # noqa: BLE001 - NotImplementedError by the base class, and others by integrations
        return None
    # Its first step is the model; what comes after reads the JSON, which whoever asked does.
    return cast("Asked", structured.first) if isinstance(structured, RunnableSequence) else None


def _called(chunk: AIMessageChunk) -> str:
    """What a form was filled in with, where that is the call of a tool."""
    return "".join(call["args"] or "" for call in chunk.tool_call_chunks)


def _reason(chunk: AIMessageChunk) -> str:
    return next((reason for name in _REASONS if isinstance(reason := chunk.response_metadata.get(name), str)), "")


def _usage(chunk: AIMessageChunk) -> tuple[int, int] | None:
    usage = chunk.usage_metadata
    return (usage["input_tokens"], usage["output_tokens"]) if usage else None


def _broken(error: Exception) -> Broken:
    """The fault behind an integration's exception, whose type is not known here: by its status, else by its name."""
    if isinstance(error, Broken):
        return error
    causes = list(_causes(error))
    for cause in causes:
        status = getattr(cause, "status_code", None) or getattr(getattr(cause, "response", None), "status_code", None)
        if isinstance(status, int) and status >= 400:
            return by_status(status, str(cause))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if names & {
        "ConnectError",
        "ConnectTimeout",
        "ClientConnectorError",
        "EndpointConnectionError",
        "gaierror",
        "SSLError",
    }:
        return Broken("provider_unreachable")
    if any(name.endswith(("Timeout", "TimeoutError")) for name in names):
        return Broken("provider_silent")
    if names & {"TransportError", "ConnectionError", "ClientPayloadError", "IncompleteRead", "ProtocolError"}:
        return Broken("cut_off")
    return Broken("provider_garbled" if isinstance(error, ValueError | TypeError) else "provider_failed")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
