"""The figures of `dream jobs`, at a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from dream.errors import SetupFailed
from dream.jobs.figures import figures_at
from dream.settings import Settings
from dream.store.database import Database
from dream.store.library import Library
from dream.store.library.jobs import ENDED, Asked
from dream.store.schema import migrate
from tests.jobs.test_background import until


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def jobs(home: Path, address: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "DREAM_HOME": str(home), "DREAM_JOBS_METRICS": address}
    process = subprocess.Popen(
        [sys.executable, "-m", "dream", "jobs"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "reads what authors bring" in process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_a_process_that_only_reads_shows_what_came_of_it(settings: Settings) -> None:
    database = Database(settings.database_path)
    migrate(database)
    library = Library(database)
    corpus = library.works.corpus_named("starter").id
    [gone] = library.jobs.ask(corpus, "", [Asked("gone.md", "0" * 64, 3)])
    address = free_address()
    with jobs(settings.home, address) as process:
        until(lambda: (job := library.jobs.job(gone.id)) is not None and job.state in ENDED)
        shown = ""

        def counted() -> bool:
            nonlocal shown
            shown = httpx.get(f"http://{address}/metrics", trust_env=False).text
            return 'dream_reading_seconds_count{outcome="failed"} 1.0' in shown

        until(counted)
        assert "dream_embedding_seconds" in shown
        assert "gone.md" not in shown
    assert process.returncode == 0
    database.close()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SetupFailed, match=address), figures_at(address):
            raise AssertionError("it was shown")


def test_figures_are_shown_on_this_machine_alone() -> None:
    with pytest.raises(ValueError, match="jobs_metrics"):
        Settings(_env_file=None, jobs_metrics="0.0.0.0:8002")
