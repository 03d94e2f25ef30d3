"""What `pip install .` brings: every file that stands below dream/, and the starter corpus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns
from zipfile import ZipFile

import pytest

from dream.corpus.starter import starter_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy, because a build leaves its own folders behind
    for name in ("dream", "corpus"):
        copytree(ROOT / name, source / name, symlinks=True, ignore=ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "LICENSE"):
        copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    (built,) = folder.glob("dream-*.whl")
    return ZipFile(built)


def standing(folder: Path) -> set[str]:
    """The files below a folder, as paths from it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_everything_below_dream_travels(wheel: ZipFile) -> None:
    carried = {name.removeprefix("dream/") for name in wheel.namelist() if name.startswith("dream/")}
    tales = {f"corpus/tales/{name}" for name in standing(ROOT / "corpus")}
    assert carried == standing(ROOT / "dream") | tales
    assert {"py.typed", "storytelling/prompts/rules.jinja", "retrieval/export/export_script.py"} <= carried


def test_the_wheel_brings_a_command_and_its_licence(wheel: ZipFile) -> None:
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "dream = dream.cli:main" in wheel.read(entry_points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_the_starter_corpus_is_the_one_at_the_top() -> None:
    assert starter_folder().resolve() == ROOT / "corpus"
    assert len(list(starter_folder().rglob("*.md"))) >= 24
