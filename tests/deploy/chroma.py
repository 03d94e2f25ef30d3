"""A real Chroma server on loopback, as the hosts have it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import httpx

from tests.conftest import ROOT
from tests.deploy.front import free_port, wait_until_listening

PATIENCE = 60


class Chroma:
    """Chroma's server on a folder and a port that stays its own over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
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
        command = [sys.executable, str(ROOT / "deploy" / "chroma"), "run"]
        command += ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self._port)]
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_listening(self._port, self._process)
        httpx.get(f"{self.url}/api/v2/heartbeat", timeout=PATIENCE, trust_env=False).raise_for_status()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
