"""Runs a command as systemd would confine it, as far as a test can: `confine.py FILTER GROUP COMMAND...`.

FILTER is a file with the system calls that are let through, one a line, after the number that all others are answered
with (0: they end the process). GROUP is a control group with its limits set, or "-".
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def let_through(calls: list[str], answer: int) -> None:
    """Lets this process, and what it becomes and begins, make these system calls and no others."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ERRNO | answer if answer else KILL)))
    for call in calls:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # others are those of other machines
            library.seccomp_rule_add(rules, ctypes.c_uint32(ALLOW), number, 0)
    if library.seccomp_load(rules):
        raise OSError("the filter of system calls was refused")


def main(filter_: str, group: str, *command: str) -> None:
    if group != "-":
        (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    answer, *calls = Path(filter_).read_text().split()
    if calls:
        let_through(calls, int(answer))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
