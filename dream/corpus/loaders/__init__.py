"""Loaders: a file's bytes in, a document out. The file name is the registration.

Each module here has `SUFFIXES`, `recognises(head: bytes) -> bool` for content that only it can read, and `load(data:
bytes) -> Document`,
which raises TextRefused with a sentence for the author.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import PurePath
from typing import Protocol, cast

from dream.corpus.document import Document
from dream.errors import TextRefused


class Loader(Protocol):
    SUFFIXES: tuple[str, ...]

    def recognises(self, head: bytes) -> bool: ...

    def load(self, data: bytes) -> Document: ...


@cache
def loaders() -> tuple[Loader, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(cast(Loader, importlib.import_module(f"{__name__}.{name}")) for name in names)


def suffixes() -> frozenset[str]:
    """The endings of the files that some loader reads."""
    return frozenset(suffix for loader in loaders() for suffix in loader.SUFFIXES)


def load(source: str, data: bytes) -> Document:
    """Reads a file: by what it holds, and where that leaves a choice, by its ending.

    Raises TextRefused for a format that no loader knows, and for a file without text.
    """
    suffix = PurePath(source).suffix.lower()
    able = [loader for loader in loaders() if loader.recognises(data[:4096])]
    able += [loader for loader in loaders() if suffix in loader.SUFFIXES]
    if not able:
        known = ", ".join(sorted(suffixes()))
        raise TextRefused(f"{source} is in a format that dream does not read. It reads {known}.")
    document = able[0].load(data)
    if not any(c.isalnum() for c in document.text):
        raise TextRefused(f"{source} holds no text. Nothing was changed.")
    return document


def decode(data: bytes) -> str:
    """Text from bytes: UTF-8, or UTF-16 where a byte order mark says so. Raises TextRefused for anything else."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise TextRefused("The file is not text in UTF-8 or UTF-16. Save it as UTF-8 and bring it again.") from None
    if text.count("\x00") > len(text) // 100:
        raise TextRefused("The file holds binary data, not text.")
    return text
