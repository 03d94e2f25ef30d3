"""Parsing: a file is read in a confined process of its own, and every way in which that can end is a typed answer."""

from __future__ import annotations

import logging
import math
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO

import orjson

from dream.corpus.confinement import CPU_SECONDS, WALL_SECONDS, share
from dream.corpus.document import Document, Section
from dream.corpus.refusals import refused
from dream.errors import TextRefused

LARGEST_FILE = 120 * 2**20
_LONGEST_RECORD = 2**20  # a stretch of text in its longest spelling
_PACKAGES = str(Path(__file__).resolve().parents[2])
_PYTHON = (sys.executable, "-S", "-P")
"""Without its site: what this process imports from is named to it, and half of its start is spared."""

logger = logging.getLogger(__name__)


@contextmanager
def parse(path: Path, name: str = "", patience: float = 1.0) -> Iterator[Iterator[Document]]:
    """The documents of a file: one, or more where it holds many works or a long one. `name` is what its author
    calls it.

    All of the file has been read by then, so nothing of a file that is refused is given out. The documents' sections
    are read from a temporary file, as often as they are asked for, while the block lasts.

    Raises TextRefused after at most about ten seconds, or as many more as a large file may have, times `patience`;
    trying again with more of it may help where the processor's time was not spent by then. What it reads takes no
    memory of this process.
    """
    with _opened(path) as file, tempfile.TemporaryFile() as output:
        _run(PurePath(name or path.name).suffix, file, output, patience)
        output.seek(0)
        if output.read(1) == b"R":
            code, sentence = orjson.loads(output.readline(_LONGEST_RECORD))
            raise TextRefused(str(sentence), str(code))
        yield _documents(output)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # Without blocking: what is not a file (a pipe, say) might never open.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")
    except (OSError, ValueError):
        raise refused("file_unreadable") from None
    with file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise refused("file_unreadable")
        if not about.st_size:
            raise refused("file_empty")
        if about.st_size > LARGEST_FILE:
            raise refused("file_too_large", limit=LARGEST_FILE // 2**20)
        yield file


def _run(suffix: str, file: BinaryIO, output: BinaryIO, patience: float) -> None:
    """Runs the child to its end. Its environment is empty, since this one holds keys."""
    larger = share(os.fstat(file.fileno()).st_size)
    seconds = WALL_SECONDS * larger * patience
    name = f"file{suffix}" if suffix[1:].isalnum() and len(suffix) < 20 else "file"
    with subprocess.Popen(
        [*_PYTHON, "-m", "dream.corpus.child", name, str(seconds), str(math.ceil(CPU_SECONDS * larger))],
        stdin=file, stdout=output, stderr=subprocess.PIPE, start_new_session=True,
        env={"PYTHONPATH": os.pathsep.join(filter(None, [_PACKAGES, *sys.path])), "PYTHONUTF8": "1"}, cwd="/",
    ) as child:  # fmt: skip
        try:
            assert child.stderr
            complaint = _until_closed(child.stderr.fileno(), time.monotonic() + seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if complaint:
        logger.warning("a file could not be read: %s", complaint)
    if child.returncode == -signal.SIGXCPU:
        raise refused("too_slow")
    if complaint is None or child.returncode == -signal.SIGALRM:
        raise refused("too_slow", retry=True)
    if child.returncode:
        raise refused("reading_failed")


def _until_closed(pipe: int, deadline: float) -> str | None:
    """What comes through a pipe until it closes, which is when the child ends; None where that takes too long.

    Waiting for the child itself with a limit would mean asking again and again.
    """
    said = b""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            block = os.read(pipe, 4096)
            if not block:
                return said.decode("utf-8", "replace").strip()
            said = (said + block)[:1000]
    return None


def _documents(output: BinaryIO) -> Iterator[Document]:
    """The documents in the child's records. Whatever took the child over could have written them."""
    start = position = 0
    while True:
        output.seek(position)
        record = output.readline(_LONGEST_RECORD)
        position += len(record)
        if record[:1] == b"D":
            yield _document(_Sections(output, start, position - len(record)), record)
            start = position
        elif record[:1] != b"S" or record[-1:] != b"\n":
            if record or start != position:
                raise refused("reading_failed")
            return


def _document(sections: Iterable[Section], record: bytes) -> Document:
    try:
        about = orjson.loads(record[1:])
        names = ("title", "author", "language", "licence", "summary", "name")
        return Document(
            sections,
            **{name: str(about[name]) for name in names},
            tags=[str(tag) for tag in about["tags"]],
            notices=[str(notice) for notice in about["notices"]],
            quotable=bool(about["quotable"]),
            volume=int(about["volume"]),
        )
    except (KeyError, TypeError, ValueError):
        raise refused("reading_failed") from None


class _Sections:
    """The sections between two places in the child's output."""

    def __init__(self, output: BinaryIO, start: int, end: int) -> None:
        self._output = output
        self._start = start
        self._end = end

    def __iter__(self) -> Iterator[Section]:
        position = self._start
        while position < self._end:
            self._output.seek(position)
            record = self._output.readline(_LONGEST_RECORD)
            position += len(record)
            try:
                heading, text = orjson.loads(record[1:])
            except (TypeError, ValueError):
                raise refused("reading_failed") from None
            yield Section(str(heading), str(text))
