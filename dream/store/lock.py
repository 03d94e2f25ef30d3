"""The lock of a data folder: the embedded vector store belongs to exactly one process.

The lock is the kernel's (flock), so a killed process leaves none behind. Its file says who holds it and where that
process answers. Processes whose vector store is a server share the lock: they keep out only one that would embed it.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from dream.errors import HomeInUse, SetupFailed

_LONGEST_SOCKET = 100  # the kernel's limit for the path of a unix socket is 107 bytes


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a data folder; `socket` is "" where the holder is a command that answers nobody."""

    pid: int
    purpose: str
    socket: str


class HomeLock:
    """Held from `take` until `release` or the end of the process; children made by fork share it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / "lock"
        self._file: int | None = None
        self._shared = False

    def take(self, purpose: str, socket: str = "", *, shared: bool = False) -> None:
        """Raises HomeInUse where another process holds it and the two do not share it, SetupFailed where the folder
        cannot be written.
        """
        check_owner(self._home)
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise SetupFailed(
                f"The data folder {self._home} cannot be written: {reason}. Set DREAM_HOME to another."
            ) from None
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise HomeInUse(self._in_use()) from None
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(asdict(Holder(os.getpid(), purpose, socket))).encode(), 0)
        self._file = file
        self._shared = shared

    def release(self) -> None:
        if self._file is not None:
            if not self._shared:  # by now the file may name another of those who share it
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def holder(self) -> Holder | None:
        """Who holds the folder for itself alone, None where nobody does."""
        try:
            file = os.open(self._path, os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # for an instant, in which others that share it may begin
        except OSError:
            return self._read()
        finally:
            os.close(file)
        return None

    def _read(self) -> Holder:
        try:
            return Holder(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            return Holder(0, "another process", "")

    def _in_use(self) -> str:
        holder = self._read()
        return (
            f"The data folder {self._home} is in use by {holder.purpose} (process {holder.pid}). "
            "Stop that one first, or set DREAM_HOME to another folder."
        )


def check_owner(home: Path) -> None:
    """Raises SetupFailed where the folder belongs to another user: what this one would write, its owner could not
    read.
    """
    if home.exists() and home.stat().st_uid != os.geteuid():
        raise SetupFailed(
            f"The data folder {home} belongs to another user (uid {home.stat().st_uid}). Run the command as that user."
        )


def socket_path(home: Path) -> str:
    """Where the service of a folder answers commands: in the folder, or in a private one where that path is too
    long.
    """
    path = str(home / "dream.sock")
    return (
        path if len(path.encode()) <= _LONGEST_SOCKET else str(Path(tempfile.mkdtemp(prefix="dream-")) / "dream.sock")
    )
