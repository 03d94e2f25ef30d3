"""Choosing a storyteller: every other module beside this one is a provider."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from dream.errors import SetupFailed
from dream.settings import Settings
from dream.storytelling import storytellers
from dream.storytelling.storytellers import Storyteller


def available() -> list[str]:
    """The names of the providers there are."""
    return sorted(module.name for module in iter_modules(storytellers.__path__) if module.name != "choose")


def load(settings: Settings) -> Storyteller:
    """The storyteller that the settings ask for. Nothing is connected or asked yet.

    Raises SetupFailed with what to set where they leave none.
    """
    name = settings.storyteller if settings.storyteller != "auto" else _chosen(settings)
    if name == "loom" and not settings.loom:
        raise SetupFailed(
            "There is no storyteller: the loom is switched off and no model is set. Set OPENAI_API_KEY, or "
            "DREAM_OPENAI_BASE_URL and DREAM_MODEL, or DREAM_LOOM=true."
        )
    if name not in available():
        raise SetupFailed(f"There is no storyteller {name}: DREAM_STORYTELLER may be auto, {', '.join(available())}.")
    return cast(Storyteller, import_module(f"{storytellers.__name__}.{name}").create(settings))


def load_fallback(settings: Settings) -> Storyteller | None:
    """The storyteller that tells where the first cannot begin, None where none is set. Raises SetupFailed."""
    if not settings.fallback:
        return None
    key = settings.fallback_openai_api_key
    if key is None and not settings.fallback_openai_base_url and not settings.openai_base_url:
        key = settings.openai_api_key  # the same server, and only there the same key
    return load(
        settings.model_copy(
            update={
                "storyteller": settings.fallback,
                "model": settings.fallback_model,
                "openai_base_url": settings.fallback_openai_base_url,
                "openai_api_key": key,
            }
        )
    )


def _chosen(settings: Settings) -> str:
    # A colon is also part of names such as llama3.2:3b, which only a server of its own has, and of OpenAI's own ft:...
    if not settings.openai_base_url and ":" in settings.model and not settings.model.startswith("ft:"):
        return "langchain"
    return "openai" if settings.openai_api_key or settings.openai_base_url or settings.model else "loom"
