"""One contract over every storyteller there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dream.errors import StorytellerFailed
from dream.settings import load_settings
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History, compose
from dream.storytelling.memory import form
from dream.storytelling.prompt import Prompt
from dream.storytelling.storytellers import Finish, Storyteller
from dream.storytelling.storytellers.choose import available, load
from tests.fakes.client import FakeUpstream
from tests.storytelling.listening import Listening, listen

Make = Callable[[str], Storyteller]
_MODELS = {"langchain": "openai:{}", "openai": "{}", "loom": ""}


@pytest.fixture(params=available())
def make(request: pytest.FixtureRequest, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the storyteller; models are asked for a scenario, and the loom stalls by its pace."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)

    def made(scenario: str) -> Storyteller:
        given: dict[str, Any] = {
            "_env_file": None,
            "storyteller": request.param,
            "model": _MODELS[request.param].format(scenario),
            "openai_base_url": upstream.base_url if request.param == "openai" else "",
            "loom_pace": 1.0 if scenario.startswith("stall") else 0.0,
        }
        return load(load_settings(**given))

    return made


@pytest.fixture
def prompt() -> Prompt:
    brief = Brief.model_validate({"premise": "A ferryman who has forgotten the far bank", "length": "short"})
    return compose(brief, (), History(), seed=3, history_budget=1000)


def test_it_knows_its_names(make: Make, request: pytest.FixtureRequest) -> None:
    storyteller = make("ok")
    assert storyteller.provider == request.node.callspec.params["make"]
    assert storyteller.name


def test_it_yields_text_and_last_its_finish(make: Make, prompt: Prompt) -> None:
    items = list(make("ok").tell(prompt))
    assert isinstance(items[-1], Finish)
    assert items[-1].reason == "finished"
    texts = [item for item in items if isinstance(item, str)]
    assert len(texts) == len(items) - 1
    assert all(texts)
    assert "".join(texts).isprintable() or "\n" in "".join(texts)


def test_each_telling_is_one_of_its_own(make: Make, prompt: Prompt) -> None:
    storyteller = make("ok")
    first, second = storyteller.tell(prompt), storyteller.tell(prompt)
    first.close()
    text, end = listen(second)
    assert text
    assert isinstance(end, Finish)


def test_closing_in_the_middle_ends_it(make: Make, prompt: Prompt, upstream: FakeUpstream) -> None:
    listening = Listening(make("stall@3").tell(prompt))
    assert listening.heard.get(timeout=30)
    listening.close()
    assert listening.end is None or (isinstance(listening.end, StorytellerFailed) and listening.end.code == "closed")
    if upstream.seen()["requests"]:
        assert upstream.seen(closed_by_client=1)["closed_by_client"] == 1


def test_closing_before_the_beginning_and_again(make: Make, prompt: Prompt, upstream: FakeUpstream) -> None:
    stream = make("ok").tell(prompt)
    stream.close()
    stream.close()
    text, end = listen(stream)
    assert text == ""
    assert not isinstance(end, Finish)
    assert upstream.seen()["requests"] == 0


def test_closing_after_the_end(make: Make, prompt: Prompt) -> None:
    stream = make("ok").tell(prompt)
    assert isinstance(listen(stream)[1], Finish)
    stream.close()


def test_it_fills_a_form_in_or_says_that_it_does_not(make: Make, prompt: Prompt) -> None:
    storyteller = make("ok")
    if not storyteller.forms:
        assert storyteller.provider == "loom"
        return
    asked = form.ask("The bell rang twice.", Brief(premise="A bell."), (), "", seed=1)
    text, end = listen(storyteller.tell(asked))
    assert isinstance(end, Finish)
    reading = form.answered(text)
    assert reading
    assert [person.name for person in reading.cast] == ["Ilse"]
    assert len(reading.choices) == 3
    told, _ = listen(storyteller.tell(prompt))
    assert form.answered(told) is None
