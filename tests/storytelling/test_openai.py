"""The storyteller openai against a server that plays each fault."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from dream.errors import SetupFailed, StorytellerFailed
from dream.settings import Settings, load_settings
from dream.storytelling.brief import Brief
from dream.storytelling.faults import FAULTS
from dream.storytelling.memory import form
from dream.storytelling.prompt import Prompt
from dream.storytelling.storytellers import Finish
from dream.storytelling.storytellers.openai import Answer, create
from tests.fakes.client import FakeUpstream
from tests.fakes.scenario import WORDS
from tests.storytelling.listening import PROMPT, Listening, listen

KEY = "sk-of-a-test-1a2b3c4d5e6f"
STORY = "".join(WORDS)
SO_FAR = {0: "", 3: "".join(WORDS[:3])}


def settings(base_url: str, model: str = "any", key: str = KEY, **more: Any) -> Settings:
    return load_settings(_env_file=None, openai_base_url=base_url, openai_api_key=key, model=model, **more)


def tell(upstream: FakeUpstream, model: str, prompt: Prompt = PROMPT, key: str = KEY) -> Answer:
    return create(settings(upstream.base_url, model, key)).tell(prompt)


def failed(stream: Answer) -> tuple[str, StorytellerFailed]:
    text, end = listen(stream)
    assert isinstance(end, StorytellerFailed), f"{text!r} ended as {end}"
    return text, end


def test_a_story_comes_piece_by_piece_and_ends_with_its_finish(upstream: FakeUpstream) -> None:
    assert list(tell(upstream, "ok")) == [*WORDS, Finish("finished", 11, len(WORDS))]


def test_the_request_holds_the_messages_and_little_else(upstream: FakeUpstream) -> None:
    listen(tell(upstream, "ok"))
    last = upstream.seen()["last"]
    assert last["body"] == {
        "model": "ok",
        "messages": [{"role": "system", "content": "Tell stories."}, {"role": "user", "content": "A bell."}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "seed": 7,
        "max_tokens": 4400,
    }
    assert last["headers"]["authorization"] == "..." + KEY[-4:]
    assert last["headers"]["accept-encoding"] == "identity"


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("drop", "cut_off"),
        ("reset", "cut_off"),
        ("mid-line", "cut_off"),
        ("bad-json", "provider_garbled"),
        ("bad-utf8", "provider_garbled"),
        ("long-line", "provider_garbled"),
        ("error-event", "provider_failed"),
        ("error-data", "provider_failed"),
        ("error-429", "provider_busy"),
    ],
)
def test_a_stream_that_breaks_keeps_what_was_told(upstream: FakeUpstream, fault: str, code: str, after: int) -> None:
    text, error = failed(tell(upstream, f"{fault}@{after}"))
    assert (text, error.code) == (SO_FAR[after], code)
    kept = "What was told is kept" if after else "Your premise is kept"
    assert kept in error.sentence


@pytest.mark.parametrize(
    ("fault", "code", "retry"),
    [
        ("400", "provider_rejected", False),
        ("401", "provider_refused", False),
        ("402", "provider_refused", False),
        ("403", "provider_refused", False),
        ("404", "model_missing", False),
        ("408", "provider_failed", True),
        ("429", "provider_busy", True),
        ("500", "provider_failed", True),
        ("502", "provider_failed", True),
        ("503", "provider_failed", True),
        ("hangup", "cut_off", True),
        ("html", "provider_garbled", True),
        ("json", "provider_garbled", True),
        ("empty", "told_nothing", True),
    ],
)
def test_an_answer_that_is_no_stream_has_a_code(upstream: FakeUpstream, fault: str, code: str, retry: bool) -> None:
    text, error = failed(tell(upstream, fault))
    assert (text, error.code, error.retry) == ("", code, retry)
    assert upstream.seen()["requests"] == 1  # trying again is the telling's to decide


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("no-finish", "cut_off"),
        ("done-no-finish", "cut_off"),
        ("content-filter", "provider_withheld"),
        ("tool-calls", "provider_failed"),
    ],
)
def test_an_end_that_is_no_end_is_not_one(upstream: FakeUpstream, fault: str, code: str) -> None:
    text, error = failed(tell(upstream, fault))
    assert (text, error.code) == (STORY, code)


def test_the_length_limit_cuts_short(upstream: FakeUpstream) -> None:
    assert listen(tell(upstream, "length")) == (STORY, Finish("cut_short", 11, len(WORDS)))


def test_what_breaks_after_the_finish_does_not_matter(upstream: FakeUpstream) -> None:
    assert listen(tell(upstream, "drop-after-finish")) == (STORY, Finish("finished"))


def test_a_busy_server_may_say_when(upstream: FakeUpstream) -> None:
    upstream.script(fault="429", retry_after="17")
    assert "17 seconds" in failed(tell(upstream, "scripted"))[1].sentence
    upstream.script(fault="429", retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    assert failed(tell(upstream, "scripted"))[1].sentence.endswith("more to do than it can manage just now.")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("surrogates", "\U0001f600"),
        ("lone-surrogate", "\ufffd"),
        ("controls", "abc\n\td"),
        ("odd", ""),
        ("thinking", ""),
    ],
)
@pytest.mark.parametrize("after", [0, 3])
def test_odd_deltas_are_mended_or_passed_over(upstream: FakeUpstream, fault: str, told: str, after: int) -> None:
    text, end = listen(tell(upstream, f"{fault}@{after}"))
    assert (text, end) == (SO_FAR[after] + told + "".join(WORDS[after:]), Finish("finished", 11, len(WORDS)))


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/v1", "https://127.0.0.1:{port}/v1", "http://no.invalid/v1"]
)
def test_a_server_that_is_not_there(closed_port: int, address: str) -> None:
    text, error = failed(create(settings(address.format(port=closed_port))).tell(PROMPT))
    assert (text, error.code, error.retry) == ("", "provider_unreachable", True)


def test_a_server_that_does_not_speak_tls(upstream: FakeUpstream) -> None:
    answer = create(settings(upstream.base_url.replace("http:", "https:"))).tell(PROMPT)
    assert failed(answer)[1].code == "provider_unreachable"


@pytest.mark.parametrize("option", ["seed", "stream_options", "max_tokens"])
def test_an_option_that_the_server_refuses_is_left_out_from_then_on(upstream: FakeUpstream, option: str) -> None:
    upstream.script(refuses=[option])
    key = f"sk-of-a-server-that-refuses-{option}"
    for requests in (2, 3):  # refused once, then known
        assert listen(tell(upstream, "scripted", key=key))[0] == STORY
        seen = upstream.seen()
        assert seen["requests"] == requests
        assert option not in seen["last"]["body"]
    assert ("max_completion_tokens" in upstream.seen()["last"]["body"]) == (option == "max_tokens")


def test_only_one_request_is_made_again(upstream: FakeUpstream) -> None:
    upstream.script(refuses=["seed", "stream_options", "max_tokens"])
    assert failed(tell(upstream, "scripted", key="sk-of-a-server-that-refuses-all"))[1].code == "provider_rejected"
    assert upstream.seen()["requests"] == 2


@pytest.mark.parametrize("fault", ["hang", "stall@0", "stall@3", "comments@0", "comments@3"])
def test_closing_ends_the_wait_and_the_connection(upstream: FakeUpstream, fault: str) -> None:
    listening = Listening(tell(upstream, fault))
    upstream.seen(requests=1)
    if fault.endswith("3"):
        assert [listening.heard.get(timeout=5) for _ in range(3)] == list(WORDS[:3])
    listening.close()
    assert isinstance(listening.end, StorytellerFailed)
    assert listening.end.code == "closed"
    seen = upstream.seen(closed_by_client=1)
    assert (seen["closed_by_client"], seen["open"]) == (1, 0)


def test_closing_while_the_connection_is_being_made(full_port: int) -> None:
    listening = Listening(create(settings(f"http://127.0.0.1:{full_port}/v1")).tell(PROMPT))
    listening.close()
    assert isinstance(listening.end, StorytellerFailed)


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose connections wait for ever to be made: its queue is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_closing_within_the_tls_handshake_closes_the_connection() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        listening = Listening(create(settings(f"https://127.0.0.1:{port}/v1")).tell(PROMPT))
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(1) == b"\x16"  # a handshake's first byte
            listening.close()
            while connection.recv(4096):
                pass


def test_closing_a_story_that_is_done_or_not_begun(upstream: FakeUpstream) -> None:
    done = tell(upstream, "ok")
    assert isinstance(listen(done)[1], Finish)
    done.close()
    done.close()
    never = tell(upstream, "ok")
    never.close()
    assert failed(never)[1].code == "closed"
    assert upstream.seen()["requests"] == 1


def test_closing_after_the_finish_leaves_the_story_told(upstream: FakeUpstream) -> None:
    listening = Listening(tell(upstream, "stall-after-finish"))
    assert [listening.heard.get(timeout=5) for _ in WORDS] == list(WORDS)
    upstream.seen(pieces=len(WORDS))
    listening.close()
    assert listening.end == Finish("finished")


def test_an_answer_that_nobody_reads_on_is_closed(upstream: FakeUpstream) -> None:
    pieces = iter(tell(upstream, "stall@3"))
    assert next(pieces) == WORDS[0]
    del pieces
    assert upstream.seen(closed_by_client=1)["closed_by_client"] == 1


def test_many_at_once_do_not_wait_for_each_other(upstream: FakeUpstream) -> None:
    upstream.script(latch="together", after=3)
    several = [Listening(tell(upstream, "scripted")) for _ in range(20)]
    for listening in several:
        assert [listening.heard.get(timeout=10) for _ in range(3)] == list(WORDS[:3])
    assert upstream.seen()["open"] == 20
    upstream.release("together")
    for listening in several:
        assert [listening.heard.get(timeout=10) for _ in WORDS[3:]] == list(WORDS[3:])


def test_the_key_is_told_to_nobody_else(upstream: FakeUpstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for fault in ("ok", "401", "500", "drop@3", "bad-json"):
        storyteller = create(settings(upstream.base_url, fault))
        stream = storyteller.tell(PROMPT)
        _, end = listen(stream)
        said = "".join(traceback.format_exception(end)) if isinstance(end, StorytellerFailed) else ""
        for text in (repr(storyteller), repr(stream), repr(end), said, caplog.text):
            assert KEY not in text
            assert KEY[-8:] not in text


def test_sentences_name_no_address_and_no_status(upstream: FakeUpstream) -> None:
    for fault in ("401", "404", "500", "html", "drop", "bad-json"):
        sentence = failed(tell(upstream, fault))[1].sentence
        assert "://" not in sentence
        assert "127.0.0.1" not in sentence
        assert not any(character.isdigit() or character == "!" for character in sentence)


def test_every_fault_is_one_that_is_known() -> None:
    for code, fault in FAULTS.items():
        assert code == code.lower()
        assert fault.happened.endswith(".")
        assert fault.advice.endswith(".") or (fault.retry and not fault.advice)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "OPENAI_API_KEY"),
        ({"openai_base_url": "http://127.0.0.1:1/v1"}, "DREAM_MODEL"),
        ({"openai_base_url": "127.0.0.1:11434", "model": "any"}, "DREAM_OPENAI_BASE_URL"),
        ({"openai_base_url": "http://", "model": "any"}, "DREAM_OPENAI_BASE_URL"),
        ({"openai_base_url": "http://[::1/v1", "model": "any"}, "DREAM_OPENAI_BASE_URL"),
        ({"openai_api_key": "sk-with\na line"}, "OPENAI_API_KEY"),
        ({"openai_api_key": "sk-“quoted”"}, "OPENAI_API_KEY"),
    ],
)
def test_settings_that_name_no_server_are_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], named: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SetupFailed, match=named) as caught:
        create(load_settings(_env_file=None, **given))
    assert "sk-" not in caught.value.sentence


def test_openais_own_models_get_the_newer_ceiling() -> None:
    storyteller = create(load_settings(_env_file=None, openai_api_key=KEY, openai_base_url="", model=""))
    assert storyteller.name == "gpt-4.1-mini"
    assert storyteller._server._options(PROMPT)["max_completion_tokens"] == 4400


def test_a_form_goes_along_as_a_schema_and_without_it_where_the_server_does_not_know_it(upstream: FakeUpstream) -> None:
    asked = form.ask("The bell rang.", Brief(premise="A bell."), (), "", seed=1)
    storyteller = create(settings(upstream.base_url, "ok"))
    assert form.answered(listen(storyteller.tell(asked))[0])
    sent = upstream.seen()["last"]["body"]["response_format"]
    assert (sent["type"], sent["json_schema"]["strict"]) == ("json_schema", True)
    assert sent["json_schema"]["schema"]["additionalProperties"] is False
    upstream.script(refuses=["response_format"])
    assert form.answered(listen(storyteller.tell(asked))[0])
    assert "response_format" not in upstream.seen()["last"]["body"]
    assert upstream.seen()["requests"] == 3
    listen(storyteller.tell(asked))
    assert upstream.seen()["requests"] == 4
