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


QUOTA = r"^\d{1,9} \d{1,9} \d{1,12}$"


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
    bind: str = Field("127.0.0.1:8000", description="Where `dream serve` listens: an address, or unix:/a/path.")
    public_url: str = Field(
        "", description="The address readers use, when it differs from the one bound; https makes cookies Secure."
    )
    chroma_url: str = Field(
        "",
        pattern=r"^(https?://[^/:@]+(:\d+)?/?)?$",
        description="A Chroma server, for example http://127.0.0.1:8001: several processes may then share one folder.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies and reader tokens. Made once and kept in the data folder when not given."
    )
    proxies: int = Field(
        0, ge=0, le=4, description="How many proxies in front of dream set X-Forwarded-For and -Proto."
    )
    registration: Literal["closed", "reader", "author"] = Field(
        "reader", description="What those who register may do at first; closed lets only the operator make accounts."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    jobs_metrics: str = Field(
        "",
        pattern=r"^(127\.0\.0\.1:\d{1,5})?$",
        description="Where `dream jobs` shows its figures to Prometheus: a port of this machine, 127.0.0.1:8002.",
    )

    threads: int = Field(64, ge=4, le=1024, description="Request threads; each open stream holds one.")
    followers: int = Field(48, ge=1, le=1000, description="Open event streams at once; must be below the threads.")
    tellings: int = Field(32, ge=1, le=1000, description="Stories told at the same time.")
    drain_seconds: int = Field(
        300, ge=0, le=3600, description="How long a stopping service (SIGTERM) lets the stories being told run on."
    )

    quota_reader: str = Field(
        "8 120 2000000",
        pattern=QUOTA,
        description="A reader's stories at once, an hour, and characters told a day; 0: any.",
    )
    quota_address: str = Field(
        "0 0 0",
        pattern=QUOTA,
        description="The same for all readers of one network address. Set it on the open internet.",
    )
    quota_account: str = Field("16 600 10000000", pattern=QUOTA, description="The same for an account.")
    spending_cap: float = Field(0.0, ge=0, description="What all storytellers may cost a day, UTC; 0: any.")
    price_prompt: float = Field(
        0.0, ge=0, description="The price of a million tokens of prompts, in the cap's currency."
    )
    price_answer: float = Field(0.0, ge=0, description="The price of a million tokens of answers.")

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

    memory_budget: int = Field(
        5000,
        ge=500,
        le=60000,
        description="Characters of the reader's note and facts, the cast and the summary laid before the storyteller.",
    )
    read_back: bool = Field(
        True, description="Whether a model reads each told part once more, for its cast, ways to go on and a summary."
    )

    author_works: int = Field(5000, ge=1, description="How many works an author may bring.")
    author_megabytes: int = Field(2000, ge=1, description="How many megabytes of files an author may bring.")

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

    fallback: Literal["", "loom", "openai", "langchain"] = Field(
        "", description="A second storyteller, asked where the first cannot begin; none when not given."
    )
    fallback_model: str = Field("", description="The second storyteller's model.")
    fallback_openai_api_key: SecretStr | None = Field(
        None, description="The second storyteller's key; OPENAI_API_KEY where both are OpenAI's own."
    )
    fallback_openai_base_url: str = Field("", description="The second storyteller's server, where not OpenAI's own.")

    first_piece_seconds: float = Field(
        60.0, gt=0, description="How long a storyteller may take to its first piece of text."
    )
    between_pieces_seconds: float = Field(30.0, gt=0, description="How long a storyteller may pause between pieces.")
    total_seconds: float = Field(600.0, gt=0, description="How long one telling may take in all.")

    unfollowed_seconds: float = Field(
        300.0, gt=0, description="How long a story goes on being told while nobody follows it."
    )

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
        raise SetupFailed(" ".join(_unfit(str(e["loc"][0]), e["msg"]) for e in error.errors())) from None


def _unfit(name: str, message: str) -> str:
    """What does not fit, and what the setting is: `dream config` cannot say so any more."""
    says = message.removeprefix("Value error, ")
    known = Settings.model_fields.get(name)
    return f"{variable(name)} does not fit: {says}." + (f" It is: {known.description}" if known else "")


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
