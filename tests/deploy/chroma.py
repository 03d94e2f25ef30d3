"""A real Chroma server on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import httpx

PATIENCE = 60


class Chroma:
    """`chroma run` on a folder and a port that stays its own over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Chroma:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it answers."""
        chroma = Path(sys.executable).with_name("chroma")
        command = [str(chroma), "run", "--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self._port)]
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        transport = httpx.HTTPTransport(retries=10)  # each waits twice as long as the one before
        with httpx.Client(transport=transport, timeout=PATIENCE, trust_env=False) as client:
            client.get(f"{self.url}/api/v2/heartbeat").raise_for_status()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
