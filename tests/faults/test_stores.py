"""A disk that is full, a database that is locked, and several who bring works at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from dream.jobs.worker import Worker
from dream.store import database
from dream.web import build_app
from tests.conftest import ROOT, TALES, OpenService
from tests.serving import Serving
from tests.trials import Trials

LOCK_SECONDS = float(os.environ.get("DREAM_FAULT_LOCK_SECONDS", "1"))
"""How long the database is locked; the nightly run locks it for 30."""


def test_a_full_disk_loses_nothing_and_says_so(home: Path, tmp_path: Path, model_folder: Path, trials: Trials) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    home.mkdir()
    script = (
        f'mount -t tmpfs -o size=24m none "{home}" && mkdir "{home}/models" && '
        f'ln -s "{model_folder}" "{home}/models/" && '
        f'exec "{sys.executable}" -m tests.faults.full_disk "{home}" "{texts}"'
    )
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*own, "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "full" in done.stdout
    trials.count("the disk full, nothing lost", done.stdout.count(" bytes left: "))


def test_a_locked_database_is_waited_for_and_then_busy(
    open_service: OpenService, home: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 100)
    service = open_service()
    client = build_app(service).test_client(use_cookies=False)
    [job] = service.library.jobs.ask(
        service.corpus("starter").id, "", [service.ingest.asked(TALES / "en" / "eleven-coats.md", "coats.md")]
    )
    worker = Worker(service.library, service.ingest)
    reading = threading.Thread(target=worker.run)
    answers = []
    with closing(sqlite3.connect(home / "dream.sqlite3", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        reading.start()
        until = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < until:
            answers.append(client.post("/api/v1/stories", json={"premise": "A lamp"}))
            assert client.get("/works").status_code == 200
        holder.execute("ROLLBACK")
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    while service.library.jobs.active():
        threading.Event().wait(0.05)
    worker.stop()
    reading.join()
    found = service.library.jobs.job(job.id)
    assert found
    assert (found.state, found.outcome) == ("live", "new")
    assert client.post("/api/v1/stories", json={"premise": "A lamp"}).status_code == 201
    trials.count(f"asked while the database was locked for {LOCK_SECONDS:g} s, 503", len(answers))


def test_two_commands_at_once_read_every_work_once(
    stocked_home: Path, home: Path, tmp_path: Path, trials: Trials
) -> None:
    shutil.copytree(stocked_home, home, symlinks=True)
    texts = tmp_path / "texts"
    texts.mkdir()
    for number in range(6):
        (texts / f"{number}.txt").write_text(f"The lamp number {number} at Cold Point burned all night.")
    with Serving(home) as serving, ThreadPoolExecutor(2) as both:
        ran = list(both.map(lambda _: serving.command("ingest", "--corpus", "brought", str(texts)), range(2)))
        assert [one.returncode for one in ran] == [0, 0], ran
        works = serving.client.get("/api/v1/works?corpus=brought").json()["works"]
        assert sorted(work["source"] for work in works) == [f"{number}.txt" for number in range(6)]
        checked = serving.command("check")
        assert (checked.returncode, checked.stdout) == (
            0, "The database, the files, the vectors and the words agree.\n",
        )  # fmt: skip
    trials.count("brought by two commands at once, read once", 6)
