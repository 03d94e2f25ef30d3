"""The storyteller langchain: through langchain-openai against the fake upstream, and with models made for a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, Field

from dream.errors import SetupFailed, StorytellerFailed
from dream.settings import load_settings
from dream.storytelling.memory import form
from dream.storytelling.storytellers import Finish, langchain
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import FORM, WORDS
from tests.storytelling.listening import PROMPT, Listening, listen

STORY = "".join(WORDS)
SO_FAR = {0: "", 3: "".join(WORDS[:3])}
KEY = "sk-of-a-test-1a2b3c4d5e6f"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)


def tell(model: str) -> langchain.Answer:
    return langchain.create(load_settings(_env_file=None, model=model)).tell(PROMPT)


def failed(model: str) -> tuple[str, StorytellerFailed]:
    text, end = listen(tell(model))
    assert isinstance(end, StorytellerFailed), f"{text!r} ended as {end}"
    return text, end


def test_a_story_comes_piece_by_piece_and_ends_with_its_finish(upstream: FakeUpstream) -> None:
    assert list(tell("openai:ok")) == [*WORDS, Finish("finished")]
    body = upstream.seen()["last"]["body"]
    assert body["messages"] == [
        {"role": "system", "content": "Tell stories."},
        {"role": "user", "content": "A bell."},
    ]


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("drop", "cut_off"),
        ("reset", "cut_off"),
        ("bad-json", "provider_garbled"),
        ("bad-utf8", "provider_garbled"),
        ("error-data", "provider_failed"),
    ],
)
def test_a_stream_that_breaks_keeps_what_was_told(fault: str, code: str, after: int) -> None:
    text, error = failed(f"openai:{fault}@{after}")
    assert (text, error.code) == (SO_FAR[after], code)


@pytest.mark.parametrize(
    ("fault", "text", "code"),
    [
        ("400", "", "provider_rejected"),
        ("401", "", "provider_refused"),
        ("403", "", "provider_refused"),
        ("404", "", "model_missing"),
        ("429", "", "provider_busy"),
        ("500", "", "provider_failed"),
        ("hangup", "", "cut_off"),
        ("html", "", "provider_garbled"),
        ("empty", "", "told_nothing"),
        ("no-finish", STORY, "cut_off"),
        ("content-filter", STORY, "provider_withheld"),
    ],
)
def test_other_ends_have_their_codes(upstream: FakeUpstream, fault: str, text: str, code: str) -> None:
    told, error = failed(f"openai:{fault}")
    assert (told, error.code) == (text, code)
    assert upstream.seen()["requests"] == 1


@pytest.mark.parametrize(("fault", "told"), [("surrogates", "\U0001f600"), ("thinking", ""), ("controls", "abc\n\td")])
def test_odd_deltas_are_mended_or_passed_over(fault: str, told: str) -> None:
    assert listen(tell(f"openai:{fault}@3"))[0] == SO_FAR[3] + told + "".join(WORDS[3:])


def test_a_server_that_is_not_there(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{closed_port}/v1")
    assert failed("openai:nowhere")[1].code == "provider_unreachable"


@pytest.mark.parametrize("fault", ["hang", "stall@3", "comments@3"])
def test_closing_ends_the_wait_and_the_connection(upstream: FakeUpstream, fault: str) -> None:
    listening = Listening(tell(f"openai:{fault}"))
    upstream.seen(requests=1)
    listening.close()
    assert isinstance(listening.end, StorytellerFailed)
    assert listening.end.code == "closed"
    assert upstream.seen(closed_by_client=1)["closed_by_client"] == 1


def test_a_package_that_is_missing_is_named() -> None:
    error = failed("mistralai:any")[1]
    assert (error.code, error.retry) == ("setup_failed", False)
    assert "pip install langchain-mistralai" in error.sentence


def test_a_provider_that_nobody_knows() -> None:
    error = failed("owl:any")[1]
    assert error.code == "setup_failed"
    assert "DREAM_MODEL" in error.sentence


def test_a_key_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert failed("openai:without-a-key")[1].code == "setup_failed"


def test_the_key_is_told_to_nobody_else() -> None:
    stream = tell("openai:401")
    assert KEY not in repr((listen(stream), stream))


def test_no_model_is_refused() -> None:
    with pytest.raises(SetupFailed, match="DREAM_MODEL"):
        langchain.create(load_settings(_env_file=None, model=""))


class Scribe(BaseChatModel):
    """Streams the chunks it is given."""

    chunks: list[AIMessageChunk]

    @property
    def _llm_type(self) -> str:
        return "scribe"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise AssertionError("a storyteller streams; it never asks for a whole answer")

    async def _astream(
        self,
        messages: list[BaseMessage],  # noqa: ARG002
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk)


class Deaf(Scribe):
    """Does not hear the first cancellation."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    ended: Event

    async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=self.chunks[0])
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


def test_closing_is_repeated_until_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = Deaf(chunks=[AIMessageChunk(content="A bell.")], ended=Event())
    monkeypatch.setattr(langchain, "_model", lambda *_: deaf)
    listening = Listening(tell("deaf:any"))
    assert listening.heard.get(timeout=5) == "A bell."
    listening.close()
    assert deaf.ended.wait(5)


def filled(model: str) -> tuple[str, Finish | StorytellerFailed | None]:
    return listen(langchain.create(load_settings(_env_file=None, model=model)).tell(replace(PROMPT, form=form.FORM)))


def test_a_form_is_filled_in_as_the_models_own_structured_output(upstream: FakeUpstream) -> None:
    text, end = filled("openai:ok")
    assert form.answered(text)
    assert end == Finish("finished")
    asked = upstream.seen()["last"]["body"]["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["name"] == "reading"
    assert asked["json_schema"]["strict"] is True
    assert set(asked["json_schema"]["schema"]["properties"]) == {"cast", "choices", "summary"}


@pytest.mark.parametrize(("fault", "finish"), [("length", Finish("cut_short")), ("content-filter", None)])
def test_a_form_that_is_not_filled_in_to_its_end(fault: str, finish: Finish | None) -> None:
    text, end = filled(f"openai:{fault}")
    assert text
    assert end == finish or (isinstance(end, StorytellerFailed) and end.code == "provider_withheld")


def test_a_server_that_takes_no_form_is_asked_in_words_from_then_on(upstream: FakeUpstream) -> None:
    upstream.script(refuses=["response_format"])
    for requests in (2, 3):
        assert filled("openai:plain-words") == (STORY, Finish("finished"))
        seen = upstream.seen()
        assert seen["requests"] == requests
        assert "response_format" not in seen["last"]["body"]


def test_a_form_that_the_server_cannot_fill_in_just_now_is_not_asked_for_twice(upstream: FakeUpstream) -> None:
    end = filled("openai:500")[1]
    assert isinstance(end, StorytellerFailed)
    assert end.code == "provider_failed"
    assert upstream.seen()["requests"] == 1


@pytest.mark.parametrize("fault", ["hang", "stall@3"])
def test_closing_ends_a_form_and_its_connection(upstream: FakeUpstream, fault: str) -> None:
    stream = langchain.create(load_settings(_env_file=None, model=f"openai:{fault}")).tell(
        replace(PROMPT, form=form.FORM)
    )
    listening = Listening(stream)
    upstream.seen(requests=1)
    listening.close()
    assert upstream.seen(closed_by_client=1)["closed_by_client"] == 1


class Caller(Scribe):
    """Fills a form in by calling a tool, as many providers do; `offered` is what it was held to."""

    offered: list[Any] = Field(default_factory=list)

    def bind_tools(self, tools: Any, **_: Any) -> Runnable[LanguageModelInput, AIMessage]:
        self.offered.extend(tools)
        return self


def test_a_form_may_be_filled_in_by_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    half = len(FORM) // 2
    chunks = [
        AIMessageChunk(content="", tool_call_chunks=[tool_call_chunk(name="reading", args=part, id="1", index=0)])
        for part in (FORM[:half], FORM[half:])
    ]
    last = AIMessageChunk(content="", response_metadata={"stop_reason": "tool_use"})
    caller = Caller(chunks=[*chunks, last])
    monkeypatch.setattr(langchain, "_model", lambda *_: caller)
    text, end = filled("caller:any")
    assert (form.answered(text) is not None, end) == (True, Finish("finished"))
    assert caller.offered[0]["title"] == "reading"
    assert failed("caller:any")[1].code == "provider_failed"  # a story is no call


def test_a_model_that_offers_no_form_is_asked_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    last = AIMessageChunk(content="", response_metadata={"finish_reason": "stop"})
    monkeypatch.setattr(langchain, "_model", lambda *_: Scribe(chunks=[AIMessageChunk(content=FORM), last]))
    assert filled("scribe:any") == (FORM, Finish("finished"))


def scribed(monkeypatch: pytest.MonkeyPatch, *chunks: AIMessageChunk) -> list[str | Finish]:
    scribe = Scribe(chunks=list(chunks))
    monkeypatch.setattr(langchain, "_model", lambda *_: scribe)
    return list(tell("scribe:any"))


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"finish_reason": "stop"}, "finished"),
        ({"finish_reason": "STOP"}, "finished"),
        ({"stop_reason": "end_turn"}, "finished"),
        ({"stopReason": "end_turn"}, "finished"),
        ({"done_reason": "stop"}, "finished"),
        ({"stop_reason": "max_tokens"}, "cut_short"),
        ({"finish_reason": "MAX_TOKENS"}, "cut_short"),
        ({"done_reason": "length"}, "cut_short"),
    ],
)
def test_providers_name_their_ends_differently(
    monkeypatch: pytest.MonkeyPatch, metadata: dict[str, str], reason: str
) -> None:
    used = UsageMetadata(input_tokens=5, output_tokens=2, total_tokens=7)
    last = AIMessageChunk(content="", response_metadata=metadata, usage_metadata=used)
    assert scribed(monkeypatch, AIMessageChunk(content="A bell."), last) == ["A bell.", Finish(reason, 5, 2)]  # type: ignore[arg-type]


def test_thinking_in_blocks_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    thought = AIMessageChunk(content=[{"type": "thinking", "thinking": "a bell?"}, {"type": "text", "text": "A bell."}])
    last = AIMessageChunk(content="", response_metadata={"stop_reason": "end_turn"})
    assert scribed(monkeypatch, thought, last) == ["A bell.", Finish("finished")]
