"""Which storyteller the settings ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dream.errors import SetupFailed
from dream.settings import Settings, load_settings
from dream.storytelling import storytellers
from dream.storytelling.storytellers.choose import available, load


def settings(**given: Any) -> Settings:
    return load_settings(**{"_env_file": None, "openai_api_key": None, "openai_base_url": "", "model": "", **given})


LOCAL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("given", "provider", "name"),
    [
        ({"openai_api_key": "sk-1"}, "openai", "gpt-4.1-mini"),
        ({"openai_api_key": "sk-1", "model": "gpt-5"}, "openai", "gpt-5"),
        ({"openai_api_key": "sk-1", "model": "ft:gpt-4.1-mini:tales::9"}, "openai", "ft:gpt-4.1-mini:tales::9"),
        ({"openai_base_url": LOCAL, "model": "llama3.2:3b"}, "openai", "llama3.2:3b"),
        ({"model": "anthropic:claude-sonnet-4-5"}, "langchain", "anthropic:claude-sonnet-4-5"),
        ({"openai_api_key": "sk-1", "model": "ollama:llama3.2:3b"}, "langchain", "ollama:llama3.2:3b"),
        ({"openai_base_url": LOCAL, "model": "groq:qwen", "storyteller": "langchain"}, "langchain", "groq:qwen"),
    ],
)
def test_a_key_an_address_or_a_model_chooses(given: dict[str, Any], provider: str, name: str) -> None:
    storyteller = load(settings(**given))
    assert (storyteller.provider, storyteller.name) == (provider, name)


def test_without_anything_it_is_the_loom() -> None:
    assert load(settings()).provider == "loom"


@pytest.mark.parametrize("chosen", ["auto", "loom"])
def test_without_anything_and_without_the_loom_there_is_none(chosen: str) -> None:
    with pytest.raises(SetupFailed, match="Set OPENAI_API_KEY"):
        load(settings(loom=False, storyteller=chosen))


@pytest.mark.parametrize(("given", "named"), [("openai", "OPENAI_API_KEY"), ("langchain", "DREAM_MODEL")])
def test_one_that_is_asked_for_says_what_it_needs(given: str, named: str) -> None:
    with pytest.raises(SetupFailed, match=named):
        load(settings(storyteller=given))


def test_a_model_without_a_key_or_an_address_is_not_enough() -> None:
    with pytest.raises(SetupFailed, match="OPENAI_API_KEY"):
        load(settings(model="gpt-5"))


def test_a_new_file_is_a_new_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parrot.py").write_text(
        "provider = 'parrot'\n\ndef create(settings):\n    return __import__(__name__, fromlist=['provider'])\n"
    )
    monkeypatch.setattr(storytellers, "__path__", [*storytellers.__path__, str(tmp_path)])
    asked = settings().model_copy(update={"storyteller": "parrot"})
    try:
        assert "parrot" in available()
        assert load(asked).provider == "parrot"
    finally:
        sys.modules.pop("dream.storytelling.storytellers.parrot", None)


def test_one_that_there_is_not() -> None:
    with pytest.raises(SetupFailed, match="openai"):
        load(settings().model_copy(update={"storyteller": "owl"}))
