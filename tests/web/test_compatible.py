"""dream as a model: the unmodified clients of OpenAI and LangChain against a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from flask.testing import FlaskClient
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from werkzeug.serving import make_server

from dream.service import Service
from dream.web import build_app
from dream.web.compatible.cut import Cut, tokens
from tests.accounts.test_gate import account, token
from tests.conftest import OpenService
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS

STORY = "".join(WORDS)
ASK: Any = [{"role": "user", "content": "A bell under the sea."}]

Served = Callable[[Service], openai.OpenAI]


@pytest.fixture
def told(open_service: OpenService, upstream: FakeUpstream) -> Callable[..., Service]:
    """A service whose storyteller is the fake upstream."""

    def open_(model: str = "ok", **changed: Any) -> Service:
        return open_service(storyteller="openai", openai_base_url=upstream.base_url, model=model, **changed)

    return open_


@pytest.fixture
def served() -> Iterator[Served]:
    """OpenAI's client on a service that is served on a port."""
    servers = []

    def serve(service: Service) -> openai.OpenAI:
        server = make_server("127.0.0.1", 0, build_app(service), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        key = token(service, account(service, f"mara{len(servers)}"), "read", "tell")
        return openai.OpenAI(api_key=key, base_url=f"http://127.0.0.1:{server.port}/v1", max_retries=0)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_openai_client_gets_a_story_with_its_sources(stocked: Service, served: Served) -> None:
    client = served(stocked)
    asked: Any = [{"role": "user", "content": "A keeper who may not lie about the oil in the lantern."}]
    done = client.chat.completions.create(model="dream/starter", messages=asked, seed=7)
    assert done.choices[0].finish_reason == "stop"
    assert len(done.choices[0].message.content or "") > 500
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 100
    extension = (done.model_extra or {})["dream"]
    assert extension["sources"][0]["work"]["title"]
    scene = stocked.library.scenes.scene(extension["scene"])
    assert scene is not None
    assert scene.text == done.choices[0].message.content


def test_a_stream_ends_with_its_usage_and_its_sources(told: Callable[..., Service], served: Served) -> None:
    stream = served(told()).chat.completions.create(
        model="dream/starter", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == STORY
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert "sources" in (chunks[-2].model_extra or {})["dream"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (11, len(WORDS))
    assert len({chunk.id for chunk in chunks}) == 1


def test_langchain_talks_to_it_too(told: Callable[..., Service], served: Served, upstream: FakeUpstream) -> None:
    client = served(told())
    model = ChatOpenAI(
        model="dream/starter", base_url=str(client.base_url), api_key=SecretStr(client.api_key), stream_usage=True
    )
    assert model.invoke("A bell under the sea.").content == STORY
    talk = [SystemMessage("Keep it gentle."), HumanMessage("A bell."), AIMessage("It rang."), HumanMessage("And then?")]
    parts = list(model.stream(talk))
    assert "".join(str(part.content) for part in parts) == STORY
    assert parts[-1].usage_metadata or any(part.usage_metadata for part in parts)
    request = upstream.seen()["last"]["body"]["messages"]
    assert [message["role"] for message in request] == ["system", "user"]
    assert "gentle" not in request[0]["content"]  # the rules are dream's own, whatever a client sends
    for words in ("Keep it gentle.", "A bell.", "It rang.", "And then?"):
        assert words in request[1]["content"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        ({"stop": "rang"}, "Once upon a time the bell ", "stop"),
        ({"stop": ["nowhere", "me the b"]}, "Once upon a ti", "stop"),
        ({"max_tokens": 3}, "Once upon a", "length"),
        ({"max_completion_tokens": 1}, "Once", "length"),
        ({"max_tokens": 5000, "stop": ["never"]}, STORY, "stop"),
    ],
)
def test_an_answer_ends_where_it_was_told_to(
    told: Callable[..., Service], served: Served, stream: bool, options: dict[str, Any], text: str, reason: str
) -> None:
    client = served(told())
    if stream:
        chunks = [c.choices[0] for c in client.chat.completions.create(
            model="dream", messages=ASK, stream=True, **options)]  # fmt: skip
        assert "".join(choice.delta.content or "" for choice in chunks) == text
        assert chunks[-1].finish_reason == reason
    else:
        done = client.chat.completions.create(model="dream", messages=ASK, **options)
        assert (done.choices[0].message.content, done.choices[0].finish_reason) == (text, reason)


def test_a_cut_answer_stops_its_telling(told: Callable[..., Service], served: Served, upstream: FakeUpstream) -> None:
    client = served(told("stall@5"))
    client.chat.completions.create(model="dream", messages=ASK, max_tokens=2)
    assert upstream.seen(closed_by_client=1, open=0)["open"] == 0


@pytest.mark.parametrize(("fault", "finish"), [("length", "length"), ("content-filter", "content_filter")])
def test_the_providers_own_ends_are_passed_on(
    told: Callable[..., Service], served: Served, fault: str, finish: str
) -> None:
    done = served(told(fault)).chat.completions.create(model="dream", messages=ASK)
    assert (done.choices[0].finish_reason, done.choices[0].message.content) == (finish, STORY)


def test_a_storyteller_that_fails_is_an_error_of_the_server(told: Callable[..., Service], served: Served) -> None:
    with pytest.raises(openai.InternalServerError) as whole:
        served(told("500")).chat.completions.create(model="dream", messages=ASK)
    assert (whole.value.status_code, whole.value.code) == (502, "provider_failed")
    stream = served(told("drop@3")).chat.completions.create(model="dream", messages=ASK, stream=True)
    heard: list[str] = []
    with pytest.raises(openai.APIError) as broken:
        heard.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert ("".join(heard), broken.value.code) == ("Once upon a ", "cut_off")


@pytest.mark.parametrize(
    ("changed", "status", "code", "param"),
    [
        ({"n": 2}, 400, "invalid_value", "n"),
        ({"model": "gpt-5"}, 404, "model_not_found", None),
        ({"model": "dream/none"}, 404, "model_not_found", None),
        ({"messages": []}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "system", "content": "Hi"}]}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": "..."}]}, 400, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": "a" * 2001}]}, 400, "context_length_exceeded", "messages"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, "invalid_value", None),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "invalid_value", "messages"),
        ({"tools": [{"type": "function"}]}, 400, "unsupported_parameter", "tools"),
        ({"response_format": {"type": "json_object"}}, 400, "invalid_value", "response_format"),
        ({"stop": ["a", "b", "c", "d", "e"]}, 400, "invalid_value", "stop"),
        ({"max_tokens": 0}, 400, "invalid_value", "max_tokens"),
        ({"dream": {"grounding": "wild"}}, 400, "invalid_value", "dream.grounding"),
    ],
)
def test_what_does_not_fit_is_refused_in_openais_shape(
    client: FlaskClient, service: Service, changed: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    headers = {"Authorization": f"Bearer {token(service, account(service, 'mara'), 'tell')}"}
    body = {"model": "dream", "messages": ASK, **changed}
    answer = client.post("/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert error["message"]
    assert service.tellings.live() == 0


def test_it_needs_a_token_of_an_account(client: FlaskClient, service: Service) -> None:
    body = {"model": "dream", "messages": ASK}
    mara = account(service, "mara")
    reader = client.post("/api/v1/stories", json={"premise": "A bell"}).get_json()["reader_token"]
    for secret, status in (("", 401), ("dream_none", 401), (reader, 401), (token(service, mara, "read"), 403)):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        answer = client.post("/v1/chat/completions", json=body, headers=headers)
        assert (answer.status_code, "message" in answer.get_json()["error"]) == (status, True)
        if status == 401:
            assert client.get("/v1/models", headers=headers).status_code == 401


def test_the_models_are_the_shelves_that_one_may_read(service: Service, served: Served) -> None:
    noor = account(service, "noor")
    service.library.corpora.make("drafts-7f3k", "Drafts", noor.id, public=False)
    client = served(service)
    assert [model.id for model in client.models.list()] == ["dream/starter"]
    assert client.models.retrieve("dream/starter").owned_by == "dream"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("dream/drafts-7f3k")


def test_a_full_house_is_said_before_anything_is_begun(told: Callable[..., Service], served: Served) -> None:
    client = served(told("stall@1", followers=1))
    stream = client.chat.completions.create(model="dream", messages=ASK, stream=True)
    next(iter(stream))
    with pytest.raises(openai.InternalServerError) as busy:
        client.chat.completions.create(model="dream", messages=ASK)
    assert (busy.value.status_code, busy.value.code) == (503, "busy")
    assert busy.value.response.headers["Retry-After"]
    stream.close()


def test_a_stop_is_found_however_the_text_is_cut_into_pieces() -> None:
    text, stop = "the bell rang and rang again", "rang again"
    for size in range(1, len(text)):
        cut = Cut([stop], None)
        shown = "".join(cut.feed(text[place : place + size]) for place in range(0, len(text), size)) + cut.rest()
        assert (shown, cut.reason) == ("the bell rang and ", "stop")


def test_what_only_looked_like_a_stop_is_shown_at_the_end() -> None:
    cut = Cut(["END"], None)
    assert cut.feed("the E") == "the "
    assert cut.feed("N") == ""
    assert cut.rest() == "EN"
    assert cut.reason is None


def test_tokens_are_counted_about_as_tokenizers_do() -> None:
    assert tokens("Once upon a time, the bell rang twice.") == 10
    assert tokens("종이 두 번") == 4
    assert tokens("") == 0
