"""The units that ship, read as systemd reads them."""

from __future__ import annotations

import errno
import re
import subprocess
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "units"


def values(unit: Path, name: str) -> list[str]:
    """What a unit says of a name, line by line."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def system_calls(unit: Path) -> list[str]:
    """The system calls that a unit lets through, none where it lets all: the lines add to each other in their order."""
    lines = values(unit, "SystemCallFilter")
    found = set(_calls("@default")) if lines else set()
    for line in lines:
        for word in line.lstrip("~").split():
            if line.startswith("~"):
                found -= _calls(word)
            else:
                found |= _calls(word)
    return sorted(found)


def refusal(unit: Path) -> int:
    """The number that a system call is answered with that is not let through; 0 where it ends the process."""
    (name,) = values(unit, "SystemCallErrorNumber") or ["0"]
    return int(getattr(errno, name, 0))


def mebibytes(unit: Path, name: str) -> int | None:
    """A limit of a unit's memory."""
    (said,) = values(unit, name) or [""]
    return int(said.removesuffix("M")) if said else None


@cache
def _calls(word: str) -> frozenset[str]:
    """A system call, or those of a set that systemd names."""
    if not word.startswith("@"):
        return frozenset({word})
    shown = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    members = [line.strip() for line in shown.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return frozenset().union(*(_calls(member) for member in members))
