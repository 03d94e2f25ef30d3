"""A real `dream serve` in processes of its own, for the tests that need one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import httpx

READY_SECONDS = 60


class Serving:
    """`dream serve` on a data folder and a free port; `client` speaks to it. Ended by Ctrl-C when the block ends."""

    def __init__(self, home: Path, **settings: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.bind = f"127.0.0.1:{free.getsockname()[1]}"
        values = {"home": home, "bind": self.bind, "storyteller": "loom", **settings}
        self.environment = {**os.environ, **{f"DREAM_{name.upper()}": str(value) for name, value in values.items()}}
        self.url = f"http://{self.bind}"
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def __enter__(self) -> Serving:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dream", "serve"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.said = self.process.communicate(timeout=30)[0]

    def wait_until_ready(self) -> None:
        """Returns when the service says that it is ready, which it does once for each worker."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "ready at" in line:
                return
        raise AssertionError("dream serve ended before it was ready")

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `dream` command on the same data folder."""
        command = [sys.executable, "-m", "dream", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    @contextmanager
    def follow(self, events: str, token: str, after: int = 0) -> Iterator[Iterator[tuple[int, str, str]]]:
        """The events of a scene as they come: number, name, data."""
        headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": str(after)}
        with self.client.stream("GET", events, headers=headers) as response:
            yield _events(response.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[tuple[int, str, str]]:
    held: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            held[name] = value
        elif "data" in held:
            yield int(held["id"]), held["event"], held["data"]
            held = {}
