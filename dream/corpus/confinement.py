"""Confinement: what a process that reads other people's files may use. The kernel holds it, whatever the file does."""

from __future__ import annotations

import resource
import signal

MEMORY = 512 * 2**20
"""Bytes of address space."""

OUTPUT = 256 * 2**20
"""Bytes that it may write."""

CPU_SECONDS = 6
WALL_SECONDS = 9.0
ORDINARY = 40 * 2**20
"""Bytes of a file, up to which it may have that much time; a larger one may have as much more as it is larger."""


def share(size: int) -> float:
    """How many times as long as an ordinary file one of so many bytes may take."""
    return max(1.0, size / ORDINARY)


def limit(wall_seconds: float = WALL_SECONDS, cpu_seconds: int = CPU_SECONDS) -> None:
    """Limits time, memory and output, and forbids core dumps and children. For the start of the process."""
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)  # where its parent is gone, it still ends
    for what, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > most:
            hard = most + 1  # past the soft one comes a signal that tells which it was, past the hard one the end
        resource.setrlimit(what, (min(most, hard), hard))


def close_the_door() -> None:
    """From here on no file, socket or pipe can be opened: there is no number left for one. It needs no privilege and
    works on any POSIX system, unlike a network namespace or a filter of system calls.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
