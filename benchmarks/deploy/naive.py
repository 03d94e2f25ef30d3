"""The naive stack beside which dream's deployments and memory are measured: how it is installed, started and asked.

It is benchmarks/load/peers/tutorial.py under gunicorn's four sync workers.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.environment import ROOT, packaged_model
from dream.retrieval.export.workshop import PACKAGE, TORCH

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
APPLICATION = "benchmarks.load.peers.tutorial"
WORKERS = 4
PATIENCE = 300


@dataclass(frozen=True)
class Naive:
    """The stack in an environment of its own below `folder`."""

    folder: Path

    @property
    def environment(self) -> Path:
        return self.folder / "environment"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def install(self, cache: Path) -> None:
        """A new environment with what the requirements ask for; `cache` is pip's. torch comes first and by itself, so
        that it is the build for the CPU: the other takes gigabytes more.
        """
        venv.create(self.environment, with_pip=True, clear=True)
        for wanted in ([TORCH], ["-r", str(REQUIREMENTS)], ["--no-deps", PACKAGE]):
            command = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
            subprocess.run(command, env={**os.environ, "PIP_CACHE_DIR": str(cache)}, check=True)

    def fill(self, texts: Path) -> None:
        """Reads texts into its store, as the tutorial does."""
        command = [str(self.python), "-m", APPLICATION, str(texts)]
        subprocess.run(command, cwd=ROOT, env=self._settings(0, ""), check=True, stderr=subprocess.DEVNULL)

    @contextmanager
    def serving(self, upstream: int = 0, tells: str = "20x200") -> Iterator[tuple[int, httpx.Client]]:
        """Its process, and a client of it, from the first answer on. `upstream` is the port of what tells."""
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            process = subprocess.Popen(
                [self.python, "-m", "gunicorn", "--workers", str(WORKERS), "--timeout", str(PATIENCE),
                 "--no-control-socket", "--bind", f"fd://{listener.fileno()}", f"{APPLICATION}:app"],
                cwd=ROOT, env=self._settings(upstream, tells), pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        try:
            with httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as client:
                client.get("/livez").raise_for_status()
                yield process.pid, client
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)

    def _settings(self, upstream: int, tells: str) -> dict[str, str]:
        return {
            **os.environ, "PEER_STORE": str(self.folder / "store"), "PEER_MODEL": str(packaged_model(self.python)),
            "PEER_UPSTREAM": f"http://127.0.0.1:{upstream}/v1", "PEER_TELLS": tells,
        }  # fmt: skip


def ask(client: httpx.Client, readers: int) -> None:
    """As many readers as there are, each with one story, until all are told."""

    def one() -> None:
        client.post("/story", json={"premise": "A keeper who may not lie"}).raise_for_status()

    threads = [threading.Thread(target=one) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
