"""kill -9 at every named step of ingest and at random moments: what was acknowledged is live exactly once, the rest
wholly there or wholly absent, and every store holds the same fragments.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from dream.service import Service
from dream.settings import Settings
from tests.conftest import TALES
from tests.faults.reader import STEPS, bring_and_read, recover_and_compare
from tests.trials import Trials

TRIALS = int(os.environ.get("DREAM_FAULT_TRIALS", "20"))
"""Random moments; the nightly run has 200."""
SEED = int(os.environ.get("DREAM_FAULT_SEED", "20"))
"""Chooses the moments; every nightly run has others."""

OLD = {
    "old-a.txt": "The lamp at Cold Point burned all night. Hanne Brandt had filled it herself.",
    "replaced.txt": "The drowned bell rang off Merrow Bank. Nobody in Sellen slept.",
}
NEW = {"replaced.txt": "The bell was raised. Sellen slept again, and the bank kept its counsel.", "new.md": ""}


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Makes processes from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "onnxruntime", "tokenizers", "tests.faults.reader"])
    return context


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A data folder with works to withdraw and to replace; to be copied."""
    home = tmp_path_factory.mktemp("before") / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / model_folder.name).symlink_to(model_folder)
    texts = tmp_path_factory.mktemp("old")
    for name, text in OLD.items():
        (texts / name).write_text(text)
    service = Service(Settings(_env_file=None, home=home))
    assert [done.outcome for done in service.ingest.files([texts], "starter")] == ["new", "new"]
    service.close()
    return home


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in NEW.items():
        (folder / name).write_text(text or (TALES / "en" / "eleven-coats.md").read_text())
    return folder


@pytest.fixture
def trial(before: Path, home: Path, texts: Path, processes: ForkServerContext) -> Trial:
    shutil.copytree(before, home, symlinks=True)
    return Trial(home, texts, processes)


class Trial:
    """Bringing works in a process that is killed, and what stands after another has begun again."""

    def __init__(self, home: Path, texts: Path, processes: ForkServerContext) -> None:
        self._home = home
        self._texts = texts
        self._processes = processes
        self.told: list[tuple[str, str]] = []

    def die_at(self, step: str, *, after: bool, times: int = 0) -> None:
        ours, process = self._begin((step, after, times))
        self._hear(ours)
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"{step} never came: {self.told}"

    def kill_after(self, seconds: float) -> float:
        """Kills it so many seconds after it has begun; how long it took where it was done before."""
        ours, process = self._begin(None)
        assert ours.recv() == ("begun", "")
        began = time.monotonic()
        process.join(seconds)
        process.kill()
        process.join()
        self._hear(ours)
        return time.monotonic() - began

    def recover(self) -> dict[str, Any]:
        ours, theirs = self._processes.Pipe(duplex=False)
        process = self._processes.Process(target=recover_and_compare, args=(self._home, theirs))
        process.start()
        theirs.close()
        found: dict[str, Any] = ours.recv()
        process.join()
        return found

    def check(self) -> None:
        """Holds what stands against what was told."""
        found = self.recover()
        assert found["live"] == found["vectors"]
        assert found["words"]
        assert found["meanings"]
        assert found["differences"] == []
        works, told = found["works"], set(self.told)
        for path in self._texts.iterdir():
            fresh = hashlib.sha256(path.read_bytes()).hexdigest()
            if ("acknowledged", path.name) in told:
                assert works[path.name] == fresh, f"{path.name} was acknowledged and is not live"
            else:
                old = hashlib.sha256(OLD[path.name].encode()).hexdigest() if path.name in OLD else None
                assert works.get(path.name) in (old, fresh), f"{path.name} is neither there nor absent"
        if ("withdrawn", "old-a.txt") in told:
            assert "old-a.txt" not in works

    def _begin(self, die_at: tuple[str, bool, int] | None) -> tuple[Connection, Any]:
        ours, theirs = self._processes.Pipe(duplex=False)
        process = self._processes.Process(target=bring_and_read, args=(self._home, self._texts, theirs, die_at))
        process.start()
        theirs.close()
        return ours, process

    def _hear(self, ours: Connection) -> None:
        try:
            while True:
                self.told.append(ours.recv())
        except EOFError:
            ours.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_named_step(trial: Trial, trials: Trials, step: str, after: bool) -> None:
    trial.die_at(step, after=after)
    trial.check()
    trials.count("killed at a named step, all as promised")


@pytest.mark.parametrize("times", [2, 4, 6, 8])
def test_killed_between_two_steps_of_reading(trial: Trial, trials: Trials, times: int) -> None:
    trial.die_at("a step", after=True, times=times)
    trial.check()
    trials.count("killed at a named step, all as promised")


def test_killed_at_random_moments(
    before: Path, tmp_path: Path, texts: Path, processes: ForkServerContext, trials: Trials
) -> None:
    shutil.copytree(before, tmp_path / "whole", symlinks=True)
    whole = Trial(tmp_path / "whole", texts, processes)
    longest = whole.kill_after(60)
    assert ("done", "") in whole.told
    chance = random.Random(SEED)
    for number in range(TRIALS):
        home = tmp_path / str(number)
        shutil.copytree(before, home, symlinks=True)
        trial = Trial(home, texts, processes)
        trial.kill_after(chance.uniform(0, longest))
        trial.check()
        when = "after all was done" if ("done", "") in trial.told else "at a random moment"
        trials.count(f"killed {when} (seed {SEED}), all as promised")
        shutil.rmtree(home)
