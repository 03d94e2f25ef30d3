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


def limit(wall_seconds: float = WALL_SECONDS) -> None:
    """Limits time, memory and output, and forbids core dumps and children. For the start of the process."""
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)  # where its parent is gone, it still ends
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
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
