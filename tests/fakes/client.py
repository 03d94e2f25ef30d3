"""The fake upstream seen from a test or a benchmark: starts it, scripts it, and asks what it has seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

_ROOT = Path(__file__).parents[2]


class FakeUpstream:
    """A context manager around the server's process. `base_url` is what DREAM_OPENAI_BASE_URL is set to."""

    def __enter__(self) -> FakeUpstream:
        command = [sys.executable, "-m", "tests.fakes.upstream", "--port", "0"]
        self._process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._opener = build_opener(ProxyHandler({}))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def script(self, **scenario: Any) -> None:
        """Sets the scenario: see tests.fakes.scenario.Scenario."""
        self._call("/script", scenario)

    def release(self, latch: str) -> None:
        self._call(f"/latch/{latch}/release", {})

    def reset(self) -> None:
        self._call("/reset", {})

    def seen(self, **wanted: int) -> dict[str, Any]:
        """The counters and the last request; `requests=1` waits until that many have come, `open=0` until no
        more are open (10 seconds at most)."""
        query = "&".join(f"{name}={count}" for name, count in wanted.items())
        return self._call(f"/seen?{query}")

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        sent = None if body is None else json.dumps(body).encode()
        with self._opener.open(Request(f"http://127.0.0.1:{self.port}{path}", data=sent), timeout=15) as answer:
            read: dict[str, Any] = json.load(answer)
        return read
