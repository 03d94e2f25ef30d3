"""Fixtures of every room: data folders, services on them, and clients of the web application."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dream.retrieval.export.manifest import find_model
from dream.service import Service
from dream.settings import Settings
from dream.web import build_app

pytest_plugins = ["tests.fakes.fixtures"]

# Every process that a test begins would else compile dream anew, which takes a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ROOT = Path(__file__).resolve().parent.parent
TALES = ROOT / "corpus"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test, and no key of its owner leaves it."""
    for name in list(os.environ):
        if name.startswith(("DREAM_", "OPENAI_")) and name not in ("DREAM_FAIRYTALEQA", "DREAM_TEST_HOME"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The exported embedding model that the set-up made, in DREAM_TEST_HOME or in the checkout's var/."""
    home = Path(os.environ.get("DREAM_TEST_HOME", ROOT / "var"))
    folder = find_model(Settings(_env_file=None, home=home))
    assert folder, f"There is no exported model in {home}: run scripts/setup first."
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings of a service without a model, whose loom tells at once."""
    return Settings(_env_file=None, home=home, loom_pace=0, storyteller="loom")


OpenService = Callable[..., Service]


@pytest.fixture
def open_service(settings: Settings) -> Iterator[OpenService]:
    """Opens a service with changed settings; all are closed at the end."""
    with ExitStack() as stack:

        def open_(**changed: Any) -> Service:
            service = Service(settings.model_copy(update=changed))
            stack.callback(service.close)
            return service

        yield open_


@pytest.fixture
def service(open_service: OpenService) -> Service:
    """A service without a model and with an empty starter corpus."""
    return open_service()


@pytest.fixture(scope="session")
def stocked_home(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A data folder with the model and a few of the starter tales, in both languages; to be copied, not used."""
    home = tmp_path_factory.mktemp("stocked") / "home"
    (home / "models").mkdir(parents=True, mode=0o700)
    (home / "models" / model_folder.name).symlink_to(model_folder)
    service = Service(Settings(_env_file=None, home=home))
    tales = [
        TALES / "en" / name for name in ("ask-him-on-the-stairs.md", "the-oil-in-the-lantern.md", "eleven-coats.md")
    ]
    outcomes = [done.outcome for done in service.ingest.files([*tales, TALES / "ko" / "two-ferrymen.md"], "starter")]
    assert outcomes == ["new"] * 4
    service.close()
    return home


@pytest.fixture
def stocked(stocked_home: Path, open_service: OpenService, home: Path) -> Service:
    """A service with the model and a few of the starter tales, in both languages."""
    shutil.copytree(stocked_home, home, symlinks=True)
    return open_service()


@pytest.fixture
def app(service: Service) -> Flask:
    return build_app(service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program without cookies."""
    return app.test_client(use_cookies=False)
