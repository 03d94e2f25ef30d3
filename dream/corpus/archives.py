"""Archives: formats that are ZIP files inside. Nothing is unpacked to a disk, so no name in them leads anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from dream.corpus.refusals import refused

if TYPE_CHECKING:
    import zipfile

MEMBERS = 5_000
LARGEST_MEMBER = 48 * 2**20
LARGEST_IN_ALL = 192 * 2**20
NEEDS = ("zipfile", "zlib", "bz2", "lzma", "encodings.cp437")
_CHUNK = 2**20


class Archive:
    """Reads members of a ZIP file by name, as far as the caps allow.

    Raises TextRefused for a file that is damaged, locked, or unpacks to more than the caps.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = _opened(file)
        except _faults():
            raise refused("damaged") from None
        members = self._zip.infolist()
        sizes = [member.file_size for member in members]
        if len(members) > MEMBERS or sum(sizes) > LARGEST_IN_ALL or max(sizes, default=0) > LARGEST_MEMBER:
            raise refused("unpacks_too_large")
        if any(member.flag_bits & 1 for member in members):
            raise refused("encrypted")
        self.names = frozenset(member.filename for member in members)

    def read(self, name: str) -> bytes:
        """A member's bytes, b"" for one that is not there. Its size is what comes out, not what it declares."""
        if name not in self.names:
            return b""
        pieces: list[bytes] = []
        size = 0
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_CHUNK):
                    size += len(piece)
                    if size > LARGEST_MEMBER:
                        raise refused("unpacks_too_large")
                    pieces.append(piece)
        except _faults():
            raise refused("damaged") from None
        return b"".join(pieces)


def names_in(file: BinaryIO) -> frozenset[str]:
    """The names of an archive's members, none for what is no archive."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        return frozenset()
    try:
        return frozenset(_opened(file).namelist())
    except _faults():
        return frozenset()


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    import zipfile  # every file is asked whether it is one of these formats, and few are

    return zipfile.ZipFile(file)


def _faults() -> tuple[type[Exception], ...]:
    """How a damaged archive makes itself known."""
    import zipfile  # see _opened
    import zlib

    return zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError
