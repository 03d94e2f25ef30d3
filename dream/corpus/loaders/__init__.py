"""Loaders: a file in, its documents out. The file name is the registration.

Each module here has

- `SUFFIXES`, the endings that files of its format usually have;
- `NEEDS`, the modules that `load` imports: they are brought in before the door closes (see dream.corpus.confinement);
- `recognises(file) -> bool`, whether the file holds this format for sure, judged by its content alone;
- `load(file) -> Iterator[Document]`, which raises TextRefused (see dream.corpus.refusals). The text of its sections may
  be anything: whoever called cleans it.

A file is given open for reading, at any position.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath
from typing import BinaryIO, Protocol, cast

from dream.corpus.decoding import is_text
from dream.corpus.document import Document
from dream.corpus.refusals import refused


class Loader(Protocol):
    SUFFIXES: tuple[str, ...]
    NEEDS: tuple[str, ...]

    def recognises(self, file: BinaryIO) -> bool: ...

    def load(self, file: BinaryIO) -> Iterator[Document]: ...


@cache
def loaders() -> dict[str, Loader]:
    """Every loader by the name of its file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast(Loader, importlib.import_module(f"{__name__}.{name}")) for name in names}


def suffixes() -> frozenset[str]:
    """The endings of the files that some loader reads."""
    return frozenset(suffix for loader in loaders().values() for suffix in loader.SUFFIXES)


PLAIN = ("text", "markdown")
"""Formats that any text may be in: here alone, the name of the file decides."""


def _coded(file: BinaryIO) -> bool:
    """Whether it is text for programs, of which a reader would see the code."""
    file.seek(0)
    return file.read(5).lower().startswith((b"{\\rtf", b"%!ps", b"<?xml", b"<svg"))


def loader_for(file: BinaryIO, name: str) -> Loader:
    """The loader for what the file holds; between plain formats, for what its name says.

    Raises TextRefused where there is none.
    """
    for loader in loaders().values():
        if loader.recognises(file):
            return loader
    suffix = PurePath(name).suffix.lower()
    named = next((kind for kind, loader in loaders().items() if suffix in loader.SUFFIXES), None)
    if named and named not in PLAIN:
        raise refused("mislabelled", suffix=suffix)
    if _coded(file) or (not named and not is_text(file)):
        raise refused("format_unknown", known=", ".join(sorted(suffixes())))
    return loaders()[named or "text"]
