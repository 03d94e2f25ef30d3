"""The rig: a server under load between a fake upstream and a load client, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.request import urlopen

from benchmarks.load.readers import Wanted

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What one load came to; times are milliseconds.

    `cpu` is microseconds of the server for each piece while all streams run, `all_cpu` from before the first is asked
    for; `busy` says how much of one core server, upstream and client took while all run.
    """

    followers: int
    whole: int
    cpu: float
    all_cpu: float
    first: dict[str, float]
    gap: dict[str, float]
    lag: dict[str, float]
    busy: tuple[float, float, float]
    memory: float
    errors: list[str]


class Measured(Protocol):
    """What is put under load: its CPU seconds so far, and MiB."""

    def cpu(self) -> float: ...

    def memory(self) -> float: ...


class Nothing:
    """Stands for the server where the client asks the upstream itself."""

    def cpu(self) -> float:
        return 0.0

    def memory(self) -> float:
        return 0.0


@contextmanager
def upstream(core: int) -> Iterator[int]:
    """The fake upstream's port."""
    process = subprocess.Popen(
        [*pinned(core), sys.executable, "-m", "benchmarks.load.upstream"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def load(server: Measured, upstream_port: int, wanted: Wanted, core: int) -> Run:
    """Has the upstream play the load's pieces, puts it on the server, and waits for its end."""
    play(upstream_port, wanted.model)
    command = [*pinned(core), sys.executable, "-m", "benchmarks.load.readers", json.dumps(asdict(wanted))]
    client = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    moments: dict[str, dict[str, Any]] = {}
    before, memory = server.cpu(), 0.0
    for line in client.stdout:
        said = json.loads(line)
        sample = {"at": time.monotonic(), "server": server.cpu(), "upstream": _spent(upstream_port)}
        moments[said["moment"]] = {**said, **sample, "client": cpu_seconds(client.pid)}
        if said["moment"] == "begun":
            memory = server.memory()
    client.wait()
    result = moments["result"]
    cpu, busy = _cost(moments)
    ending = moments.get("ending", result)
    all_cpu = (ending["server"] - before) / max(1, ending["pieces"]) * 1e6
    return Run(
        wanted.stories * wanted.followers, result["whole"], cpu, all_cpu, result["first"], result["gap"],
        result["lag"], busy, memory, result["errors"],
    )  # fmt: skip


def _cost(moments: dict[str, dict[str, Any]]) -> tuple[float, tuple[float, float, float]]:
    """Microseconds of the server a piece, and who was how busy, from when all streams run to when the first ends."""
    if not {"begun", "ending"} <= moments.keys():
        return 0.0, (0.0, 0.0, 0.0)
    before, after = moments["begun"], moments["ending"]
    pieces, seconds = after["pieces"] - before["pieces"], after["at"] - before["at"]
    if pieces <= 0 or seconds <= 0:
        return 0.0, (0.0, 0.0, 0.0)
    server, upstream, client = ((after[name] - before[name]) / seconds for name in ("server", "upstream", "client"))
    return (after["server"] - before["server"]) / pieces * 1e6, (server, upstream, client)


def pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core)]


def pin(pids: list[int], cores: str) -> None:
    """Keeps processes that run already, with all their threads, on some cores."""
    for pid in pids:
        subprocess.run(  # a thread that ends meanwhile is none of its failures
            ["taskset", "--all-tasks", "--cpu-list", "--pid", cores, str(pid)], check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def cpu_seconds(pid: int) -> float:
    """CPU of a process so far, 0 once it has ended."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / TICKS


def pss(pid: int) -> float:
    """Proportional set size in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def play(port: int, model: str) -> None:
    """What the upstream tells from now on where it is asked for no model in particular."""
    _ask(port, f"/play/{model}")


def _spent(port: int) -> float:
    return float(_ask(port, "/spent"))


def _ask(port: int, path: str) -> bytes:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return bytes(answer.read())
