"""The servers that are compared: how each is launched, and the processes that it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.request import urlopen

from benchmarks.load.rig import ROOT, cpu_seconds, pin, pss
from benchmarks.load.upstream import PLAYED

READY_SECONDS = 600
PLENTY = {"THREADS": "1024", "FOLLOWERS": "1000", "TELLINGS": "500", "QUOTA_READER": "0 0 0", "LOG_LEVEL": "error"}


@dataclass(frozen=True)
class Place:
    """Where the servers find what they need: dream's data folder, the tutorial's store, and the upstream."""

    home: Path
    store: Path
    model: Path
    upstream: int


@dataclass(frozen=True)
class Kind:
    """One of the servers. `bind` is how it is told its port; `holds` how many streams it can have, if few."""

    name: str
    way: str
    command: tuple[str, ...]
    bind: str = "127.0.0.1:{}"
    path: str = "/livez"
    holds: int = 0


_GUNICORN = ("-m", "gunicorn", "benchmarks.load.peers.tutorial:app", "--timeout", "600", "--log-level", "error")
DREAM = Kind("dream", "dream", ("-m", "dream", "serve"), bind="", path="/readyz")
SYNC = Kind("(a) tutorial, sync", "plain", (*_GUNICORN, "--workers", "4", "--bind"), holds=4)
THREADS = Kind(
    "(b) tutorial, gthread", "plain",
    (*_GUNICORN, "--workers", "4", "--worker-class", "gthread", "--threads", "64", "--bind"),
)  # fmt: skip
ASYNC = Kind(
    "(c) FastAPI", "plain",
    ("-m", "uvicorn", "benchmarks.load.peers.asynchronous:app", "--log-level", "error", "--port"), bind="{}",
)  # fmt: skip
PEERS = (SYNC, THREADS, ASYNC)


class Server:
    def __init__(self, kind: Kind, place: Place) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.kind = kind
        bind = kind.bind.format(self.port)
        self._command = [sys.executable, *kind.command, *([bind] if bind else [])]
        self._environment = {**os.environ, **_environment(kind, place, self.port)}

    def launch(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def answers(self) -> bool:
        """Whether it is ready now."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=READY_SECONDS)
        try:
            connection.request("GET", self.kind.path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            self.check()
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.kind.name} was never ready")
            time.sleep(0.02)

    def check(self) -> None:
        """Raises SystemExit where it has ended by itself."""
        if self._process.poll() is not None:
            raise SystemExit(f"{self.kind.name} did not begin to serve")

    def keep_to(self, cores: str) -> None:
        """From now on it runs on these cores alone."""
        pin(self.pids(), cores)

    def end(self) -> None:
        """Ends it with its workers, which wait for nobody."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def pids(self) -> list[int]:
        """Its workers, or itself where it has none."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children] or [pid]

    def cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids()))

    def memory(self) -> float:
        return sum(map(pss, self.pids()))

    def retrieval(self) -> tuple[float, int]:
        """Seconds that dream has spent on finding fragments, and how often it has."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[:1] != "#")
        return float(lines["dream_retrieval_seconds_sum"]), int(float(lines["dream_retrieval_seconds_count"]))


@contextmanager
def serving(kind: Kind, place: Place) -> Iterator[Server]:
    """A server that is ready."""
    server = Server(kind, place)
    server.launch()
    try:
        server.wait()
        yield server
    finally:
        server.end()


def fill_tutorial(place: Place) -> None:
    """Fills the tutorial's store with the starter corpus."""
    environment = {**os.environ, **_environment(SYNC, place, 0)}
    command = [sys.executable, "-m", "benchmarks.load.peers.tutorial", str(ROOT / "corpus")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _environment(kind: Kind, place: Place, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{place.upstream}/v1"
    if kind.way == "dream":
        own = {"BIND": f"127.0.0.1:{port}", "STORYTELLER": "openai", "OPENAI_BASE_URL": url, "MODEL": PLAYED, **PLENTY}
        return {"DREAM_HOME": str(place.home), **{f"DREAM_{name}": value for name, value in own.items()}}
    return {
        "DREAM_HOME": str(place.home), "PEER_STORE": str(place.store), "PEER_MODEL": str(place.model),
        "PEER_UPSTREAM": url, "PEER_TELLS": PLAYED, "ANONYMIZED_TELEMETRY": "False", "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1",
    }  # fmt: skip
