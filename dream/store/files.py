"""Source files: the bytes that authors brought, kept beside the texts made of them, each under its SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dream.errors import NoRoom
from dream.store.ids import new_id

CHUNK = 2**20
ABANDONED_SECONDS = 24 * 3600
SETTLED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is on the disk for certain."""

    sha256: str
    size: int


class Incoming:
    """A file on its way in: write to it, then `keep` it; closing it without that leaves nothing behind.

    It can be read back as well, since what receives an upload hands over a file that does both.
    """

    def __init__(self, folder: Path, grown: Callable[[int], None]) -> None:
        self._folder = folder
        self._grown = grown
        self._path = folder / "incoming" / new_id()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file: BinaryIO = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Raises NoRoom where the disk is full, and whatever there is to be said against more bytes."""
        self._grown(len(data))
        self._digest.update(data)
        self.size += len(data)
        with _disk_full():
            return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def keep(self) -> Kept:
        """Puts the file in its place, on the disk for certain. The same bytes twice are kept once."""
        sha256 = self._digest.hexdigest()
        place = _place(self._folder, sha256)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        with _disk_full():
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        self._path.replace(place)
        _sync(place.parent)
        _sync(self._folder)
        return Kept(sha256, self.size)

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class Files:
    """The folder of source files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def incoming(self, grown: Callable[[int], None] = lambda _: None) -> Incoming:
        """A new file; `grown` is told of every few bytes before they are written, and may raise."""
        with _disk_full():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return Incoming(self._folder, grown)

    def path(self, sha256: str) -> Path:
        """Where a file stands, or would stand."""
        return _place(self._folder, sha256)

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def kept(self) -> Iterator[str]:
        """The SHA-256 of every file."""
        for place in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
            yield place.name

    def settled(self) -> Iterator[str]:
        """Those that have stood for an hour: whoever brought one has asked for it to be read by now, or never will."""
        for sha256 in self.kept():
            if _age(self.path(sha256)) > SETTLED_SECONDS:
                yield sha256

    def clear_abandoned(self) -> None:
        """Removes what uploads that broke off long ago have left."""
        for path in self._folder.glob("incoming/*"):
            if _age(path) > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)


@contextmanager
def _disk_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom("The disk of the service is full. Nothing was changed; please try again later.") from None
        raise


def _age(path: Path) -> float:
    """Seconds since a file was written; none for one that has gone since its folder was listed."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _sync(folder: Path) -> None:
    """Makes the names in a folder last, not only the bytes of its files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
