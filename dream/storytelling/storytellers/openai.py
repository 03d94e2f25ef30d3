"""The storyteller `openai`: any server that speaks OpenAI's chat completions."""

from __future__ import annotations

import re
import socket
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import cache, cached_property
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from dream.errors import SetupFailed
from dream.logs import request_id
from dream.settings import Settings
from dream.storytelling.answer import LastWord, answer
from dream.storytelling.body import Tap
from dream.storytelling.chat_stream import read
from dream.storytelling.faults import Broken, by_status
from dream.storytelling.prompt import Prompt
from dream.storytelling.storytellers import Finish
from dream.storytelling.wire import Wire

if TYPE_CHECKING:
    import httpx2
    from openai import APIConnectionError, APIResponse, OpenAI

OPENAI_URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-4.1-mini"

# The ceiling on an answer's length is there against one that never ends; the prompt asks for the length. Korean takes
# up to six tokens a word, and a model that thinks first spends tokens on that.
_TOKENS_A_WORD = 6
_TOKENS_TO_THINK = 2000

# The answer that this thread is opening: the client has no other way to hand it to its transport.
_opening: ContextVar[Answer] = ContextVar("opening")


def create(settings: Settings) -> ChatServerStoryteller:
    """Raises SetupFailed where the key, address or model does not make a server that could be asked."""
    key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
    url = settings.openai_base_url.strip()
    if not key and not url:
        raise SetupFailed(
            "No model's server is set: set OPENAI_API_KEY for OpenAI, or DREAM_OPENAI_BASE_URL for another server."
        )
    if url and not settings.model:
        raise SetupFailed(
            "DREAM_OPENAI_BASE_URL names a server but no model: set DREAM_MODEL to the name of one that it offers."
        )
    if url and not _is_address(url):
        raise SetupFailed("DREAM_OPENAI_BASE_URL is not an address. It looks like http://127.0.0.1:11434/v1.")
    if not (key.isascii() and key.isprintable()):
        raise SetupFailed("OPENAI_API_KEY holds characters that no key has. Please copy it again.")
    silence = max(settings.first_piece_seconds, settings.between_pieces_seconds)
    return ChatServerStoryteller(settings.model or DEFAULT_MODEL, _server(url or OPENAI_URL, key, silence))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        return False


class ChatServerStoryteller:
    provider = "openai"
    forms = True

    def __init__(self, name: str, server: _Server) -> None:
        self.name = name
        self._server = server

    def prepare(self) -> None:
        self._server.prepare()

    def tell(self, prompt: Prompt) -> Answer:
        return Answer(self._server, self.name, prompt)


class Answer:
    """One answer; see Stream.

    Connecting can hang where nothing can wake it (in a name's resolution), so it happens in a thread of its own; the
    answer is then read in the thread that iterates.
    """

    def __init__(self, server: _Server, model: str, prompt: Prompt) -> None:
        self._server, self._model, self._prompt = server, model, prompt
        self.wire, self.tap = Wire(), Tap()
        self._opened: Future[APIResponse[Any]] = Future()
        self._closed = Event()

    def __iter__(self) -> Iterator[str | Finish]:
        return answer(self._sent())

    def close(self) -> None:
        self._closed.set()
        self._opened.cancel()
        self.wire.cut()

    def unblock(self) -> socket.socket | None:
        """See Pollable."""
        return self.tap.unblock()

    def _sent(self) -> Generator[str | LastWord, None, None]:
        try:
            if not self._closed.is_set():
                Thread(target=copy_context().run, args=(self._open,), name="openai", daemon=True).start()
            response = self._opened.result()
            try:
                yield from read(self._chunks(response))
            finally:
                response.close()
        except (Broken, CancelledError):
            if self._closed.is_set():
                raise Broken("closed") from None
            raise
        finally:
            self.close()

    def _open(self) -> None:
        _opening.set(self)
        try:
            response = self._server.ask(self._model, self._prompt)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            with suppress(InvalidStateError):  # closed meanwhile: nobody waits for it
                self._opened.set_exception(error)
            return
        try:
            self._opened.set_result(response)
        except InvalidStateError:
            response.close()

    def _chunks(self, response: APIResponse[Any]) -> Iterator[bytes]:
        body = self.tap.body(response.headers, self._server.patience)
        for chunk in _read(response) if body is None else body:
            if self._closed.is_set():
                raise Broken("closed")
            yield chunk


def _read(response: APIResponse[Any]) -> Iterator[bytes]:
    """The body as the client reads it."""
    import httpx2  # comes with openai, and is as heavy

    try:
        yield from response.http_response.iter_bytes()
    except httpx2.TimeoutException:
        raise Broken("provider_silent") from None
    except httpx2.DecodingError:
        raise Broken("provider_garbled") from None
    except httpx2.HTTPError:
        raise Broken("cut_off") from None


class _Server:
    """One server and key, its client, and what it has been found not to understand."""

    def __init__(self, url: str, key: str, silence: float) -> None:
        self._url, self._key = url, key
        # The deadlines are the telling's; this one only ends what nobody waits for any more.
        self.patience = silence + 10
        self._unwanted: set[str] = set()
        # OpenAI's newer models refuse the old name of the ceiling; many other servers only know that one.
        self._ceiling = "max_completion_tokens" if url == OPENAI_URL else "max_tokens"

    def prepare(self) -> None:
        """Imports and makes the client, which takes a second or two."""
        _ = self._client

    @cached_property
    def _client(self) -> OpenAI:
        import httpx2
        import openai  # seconds to import: only where a model is really asked

        # A new connection for each answer: a kept one may have been closed by the other side just as it is used again,
        # and its socket could not be found while the answer has not begun.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        timeout = openai.Timeout(connect=10, write=30, read=self.patience, pool=10)
        transport = openai.DefaultHttpxClient(limits=limits, timeout=timeout, event_hooks={"request": [_watch]})
        return openai.OpenAI(
            api_key=self._key or "none", base_url=self._url, max_retries=0, timeout=timeout, http_client=transport,
            default_headers={"Accept-Encoding": "identity"},
        )  # fmt: skip

    def ask(self, model: str, prompt: Prompt) -> APIResponse[Any]:
        """The open answer, its body unread. Asks again, once, to leave out what the server says it does not understand.

        Raises Broken.
        """
        import httpx2
        import openai

        options = self._options(prompt)
        try:
            try:
                return self._post(model, prompt, options)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._learn(options, error.response.text):
                    raise
                return self._post(model, prompt, self._options(prompt))
        except openai.APIStatusError as error:
            raise by_status(
                error.status_code, error.response.text, error.response.headers.get("retry-after", "")
            ) from None
        except openai.APIConnectionError as error:
            raise _unconnected(error) from None
        except httpx2.InvalidURL:
            raise Broken("provider_unreachable") from None
        except httpx2.HTTPError:
            raise Broken("cut_off") from None  # within the body of an error

    def _options(self, prompt: Prompt) -> dict[str, Any]:
        ceiling = prompt.max_words * _TOKENS_A_WORD + _TOKENS_TO_THINK
        options: dict[str, Any] = {
            "stream_options": {"include_usage": True}, "seed": prompt.seed & 0x7FFFFFFF, self._ceiling: ceiling
        }  # fmt: skip
        if prompt.form:
            schema = {"name": prompt.form.name, "strict": True, "schema": prompt.form.schema}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        return {name: value for name, value in options.items() if name not in self._unwanted}

    def _post(self, model: str, prompt: Prompt, options: dict[str, Any]) -> APIResponse[Any]:
        messages = cast(Any, [{"role": message.role, "content": message.text} for message in prompt.messages])
        create = self._client.chat.completions.with_streaming_response.create
        # Entered and never left: Answer closes the response itself.
        headers = {"X-Request-ID": asked_for} if (asked_for := request_id.get()) else {}
        response: APIResponse[Any] = create(
            model=model, messages=messages, stream=True, extra_headers=headers, **options
        ).__enter__()
        if response.headers.get("content-type", "").startswith(("text/html", "application/json")):
            response.close()
            raise Broken("provider_garbled")
        return response

    def _learn(self, options: Mapping[str, Any], complaint: str) -> bool:
        """Whether the complaint names an option that was sent, which is then left out from now on."""
        named = {name for name in options if re.search(rf"\b{name}\b", complaint)}
        if "response_format" in options and "json_schema" in complaint:
            named.add("response_format")
        if self._ceiling in named:
            other = "max_tokens" if self._ceiling == "max_completion_tokens" else "max_completion_tokens"
            if other in complaint and other not in self._unwanted:
                self._ceiling = other
        self._unwanted |= named
        return bool(named)


@cache
def _server(url: str, key: str, silence: float) -> _Server:
    return _Server(url, key, silence)


def _watch(request: httpx2.Request) -> None:
    opening = _opening.get()

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            opening.tap.listen(info["return_value"])
        if event.endswith("connect_tcp.complete"):
            opening.wire.hold(info["return_value"].get_extra_info("socket"))

    request.extensions["trace"] = trace


def _unconnected(error: APIConnectionError) -> Broken:
    import httpx2

    match error.__cause__:
        case httpx2.ReadTimeout():
            return Broken("provider_silent")
        case httpx2.ReadError() | httpx2.WriteError() | httpx2.RemoteProtocolError():
            return Broken("cut_off")
    return Broken("provider_unreachable")
