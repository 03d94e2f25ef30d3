"""Plain text: kept as it is, and read in pieces however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, TextIO

from dream.corpus.decoding import NEEDS as DECODING
from dream.corpus.decoding import open_text
from dream.corpus.document import Document, Section
from dream.corpus.stretches import stretches

SUFFIXES = (".txt", ".text")
NEEDS = DECODING


def recognises(file: BinaryIO) -> bool:
    return False  # any text may be plain text


def load(file: BinaryIO) -> Iterator[Document]:
    notices: list[str] = []
    yield Document(_sections(open_text(file, notices)), notices=notices)


def _sections(text: TextIO) -> Iterator[Section]:
    for stretch in stretches(iter(partial(text.read, 2**18), "")):
        yield Section("", stretch)
