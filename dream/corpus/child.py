"""The process that reads one file: `python -m dream.corpus.child NAME SECONDS CPU_SECONDS`, the file as standard input.

It writes one record a line to standard output, which is a file: `S` and [heading, text] for each section of a document,
then `D` and what the document says of itself; or else nothing but `R` and [code, sentence] for a file that is refused.

A process is begun for each file, so what it imports is what most files cost: for a plain text nothing beside these few.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import PurePath
from types import TracebackType
from typing import Any, BinaryIO, NoReturn

from dream.corpus import decoding
from dream.corpus.cleaning import Cleaner, clean
from dream.corpus.confinement import close_the_door, limit
from dream.corpus.document import Document, line
from dream.corpus.loaders import Loader, loader_for, loaders
from dream.corpus.refusals import refused
from dream.corpus.stretches import stretches
from dream.errors import TextRefused
from dream.language.detection import detected_language
from dream.wording import worded

VOLUME = 4 * 2**20
"""Code points of a document, at most: some ten novels. A longer text comes in volumes, of which each is a work, so that
nothing after it ever holds or writes more than that at once.
"""

_ENOUGH = 4000  # characters that tell the language


def main() -> None:
    limit(float(sys.argv[2]), int(sys.argv[3]))
    spare = bytearray(2**20)  # given back for telling that memory ran out
    try:
        _read(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except TextRefused as refusal:
        _refuse(refusal)
    except MemoryError:
        del spare
        _refuse(refused("too_much_memory"))
    except Exception as error:  # noqa: BLE001 - a parser met what it was not made for, or the output has no room
        _say_where(error)
        full = isinstance(error, OSError) and error.errno == errno.EFBIG
        _refuse(refused("too_much_text" if full else "damaged"))


def _read(name: str, file: BinaryIO, out: BinaryIO) -> None:
    loader = loader_for(file, name)
    for module in _needed(loader, file):
        importlib.import_module(module)
    close_the_door()
    notices = _misnamed(name, loader.SUFFIXES)
    letters = False
    for document in loader.load(file):
        document.notices[:0] = notices
        letters |= _write(document, out)
    if not letters:
        raise refused("no_text")


def _needed(loader: Loader, file: BinaryIO) -> set[str]:
    needs = set(loader.NEEDS)
    return needs - set(decoding.NEEDS) if needs.issuperset(decoding.NEEDS) and decoding.is_plain(file) else needs


def _misnamed(name: str, suffixes: tuple[str, ...]) -> list[str]:
    suffix = PurePath(name).suffix.lower()
    if suffix in suffixes or not any(suffix in loader.SUFFIXES for loader in loaders().values()):
        return []
    return [
        worded(
            "Its name ends in %(suffix)s, but it was read as what it holds (%(format)s).",
            suffix=suffix,
            format=suffixes[0],
        )
    ]


def _write(document: Document, out: BinaryIO) -> bool:
    """Writes a document, in volumes where it is long; tells whether it has any letters or digits."""
    cleaner, volume, size, letters, start = Cleaner(), 1, 0, False, ""
    for heading, text in document.sections:
        for stretch in stretches([cleaner.clean(text)]):
            letters = letters or any(c.isalnum() for c in stretch)
            if len(start) < _ENOUGH:
                start += stretch[:_ENOUGH]
            if size + len(stretch) > VOLUME:
                _record(out, b"D", _about(document, start, volume))
                volume, size = volume + 1, 0
            size += len(stretch)
            _record(out, b"S", [line(clean(heading)), stretch])
    document.notices.extend(cleaner.notices())
    _record(out, b"D", _about(document, start, volume if volume > 1 else 0))
    return letters


def _about(document: Document, start: str, volume: int) -> dict[str, Any]:
    language = line(document.language).lower().replace("_", "-").split("-")[0][:2]
    names = ("title", "author", "licence", "summary", "name")
    return {
        **{name: line(clean(getattr(document, name))) for name in names},
        "language": language if language.isalpha() else detected_language(start),
        "quotable": document.quotable,
        "tags": [line(clean(tag)) for tag in document.tags[:50]],
        "notices": document.notices[:50],
        "volume": volume,
    }


def _record(out: BinaryIO, kind: bytes, value: Any) -> None:
    out.write(kind + _json(value) + b"\n")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _refuse(refusal: TextRefused) -> NoReturn:
    """Ends the process with this answer alone."""
    output = sys.stdout.fileno()
    os.ftruncate(output, 0)
    os.lseek(output, 0, os.SEEK_SET)
    os.write(output, b"R" + _json([refusal.code, refusal.sentence]) + b"\n")
    os._exit(0)  # what is still buffered is not to follow


def _say_where(error: Exception) -> None:
    """To the log of the operator: which error where, and nothing that the file says."""
    places = [f"{PurePath(file).name}:{number}" for file, number in _frames(error.__traceback__)]
    sys.stderr.write(f"{type(error).__name__} at {' < '.join(places[:-4:-1])}\n")
    sys.stderr.flush()


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


if __name__ == "__main__":
    main()
