"""Every setting of dream, once: its name, type, default and one line of help.

A setting comes from the environment (`DREAM_<NAME>`), else from a `.env` file in the working directory, else from
its default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dream.errors import SetupFailed

Precision = Literal["fp32", "int8"]


class Settings(BaseSettings):
    """All of dream's settings. Immutable; tests make their own with keyword arguments."""

    model_config = SettingsConfigDict(
        env_prefix="DREAM_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    home: Path = Field(Path("var"), description="The data folder: database, vectors, models, files.")
    bind: str = Field("127.0.0.1:8000", description="The address that `dream serve` listens on.")
    public_url: str = Field(
        "", description="The address readers use, when it differs from the one bound; https makes cookies Secure."
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies and reader tokens. Made once and kept in the data folder when not given."
    )
    proxies: int = Field(
        0, ge=0, le=4, description="How many proxies in front of dream set X-Forwarded-For and -Proto."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")

    threads: int = Field(64, ge=4, le=1024, description="Request threads; each open stream holds one.")
    followers: int = Field(48, ge=1, le=1000, description="Open event streams at once; must be below the threads.")
    tellings: int = Field(32, ge=1, le=1000, description="Stories told at the same time.")

    corpus: str = Field("starter", description="The corpus that stories draw on when the reader names none.")
    embedding_model: str = Field(
        "sentence-transformers/all-MiniLM-L6-v2", description="Any sentence-transformers model: a hub name or a folder."
    )
    embedding_precision: Precision = Field(
        "fp32", description="fp32 is exact; int8 is smaller and faster and a little less exact."
    )
    stages: str = Field(
        "words windows meaning late",
        pattern=r"^(words|windows|meaning|late)( (words|windows|meaning|late))*$",
        description="The stages that fragments are found and ranked by.",
    )
    fragment_budget: int = Field(
        6000, ge=500, le=60000, description="Characters of fragments laid before the storyteller."
    )
    history_budget: int = Field(
        8000, ge=500, le=200000, description="Characters of the story so far laid before the storyteller."
    )

    storyteller: str = Field(
        "auto", description="auto takes openai or langchain when a key or model is set, else the loom."
    )
    model: str = Field("", description="The model's name; `provider:name` goes through LangChain.")
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DREAM_OPENAI_API_KEY", "OPENAI_API_KEY"),
        description="The key for the model's server (OPENAI_API_KEY is read too).",
    )
    openai_base_url: str = Field(
        "", description="An OpenAI-compatible server other than OpenAI's own, for example http://127.0.0.1:11434/v1."
    )
    loom: bool = Field(True, description="Whether the built-in loom may tell stories.")
    loom_pace: float = Field(45.0, ge=0, description="Words a second that the loom tells; 0 tells as fast as it can.")

    first_piece_seconds: float = Field(
        60.0, gt=0, description="How long a storyteller may take to its first piece of text."
    )
    between_pieces_seconds: float = Field(30.0, gt=0, description="How long a storyteller may pause between pieces.")
    total_seconds: float = Field(600.0, gt=0, description="How long one telling may take in all.")

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("followers", mode="after")
    @classmethod
    def _room_for_pages(cls, followers: int, info: Any) -> int:
        threads = info.data.get("threads", 64)
        if followers >= threads:
            raise ValueError(f"must be below DREAM_THREADS ({threads}), or pages wait behind streams")
        return followers

    @property
    def database_path(self) -> Path:
        return self.home / "dream.sqlite3"


def load_settings(**overrides: Any) -> Settings:
    """Reads the settings; `overrides` win over everything.

    Raises SetupFailed with one sentence for each setting that does not fit.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = "; ".join(
            f"{variable(str(e['loc'][0]))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise SetupFailed(f"A setting does not fit: {wrong}. `dream config --help` lists them all.") from None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return name if name.isupper() else f"DREAM_{name.upper()}"


def origin(name: str) -> str:
    """Where a setting's value comes from: "environment", ".env" or "default"."""
    names = {variable(name)} | ({"OPENAI_API_KEY"} if name == "openai_api_key" else set())
    if names & {key.upper() for key in os.environ}:
        return "environment"
    from dotenv import dotenv_values  # only `dream config` asks

    return ".env" if names & {key.upper() for key in dotenv_values(".env")} else "default"
