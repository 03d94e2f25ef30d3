"""Control groups that limit memory, where the kernel lets this process make them (version 1, as root)."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HIERARCHY = Path("/sys/fs/cgroup/memory")
GONE_SECONDS = 30
"""How long what was killed may take to be gone."""


@contextmanager
def control_groups() -> Iterator[Path | None]:
    """A folder for the groups of a host's units; None where there is none to be had. What still runs in them is killed
    at the end.
    """
    own = next(
        (line.split(":")[2] for line in Path("/proc/self/cgroup").read_text().splitlines() if ":memory:" in line), ""
    )
    parent = HIERARCHY / own.lstrip("/")
    if not (os.access(parent, os.W_OK) and (parent / "memory.memsw.limit_in_bytes").exists()):
        yield None
        return
    place = Path(tempfile.mkdtemp(prefix="host-", dir=parent))
    try:
        yield place
    finally:
        for folder in (*place.iterdir(), place):
            if folder.is_dir():
                _empty(folder)


def _empty(folder: Path) -> None:
    """Kills what runs in a group and removes it."""
    until = time.monotonic() + GONE_SECONDS
    while pids := (folder / "cgroup.procs").read_text().split():
        if time.monotonic() > until:
            raise TimeoutError(f"{GONE_SECONDS} s after they were killed, {_named(pids)} still run in {folder.name}")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)
    folder.rmdir()


def _named(pids: list[str]) -> str:
    """Processes by their ids and what they are called."""
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            found.append(f"{pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})")
    return ", ".join(found)
