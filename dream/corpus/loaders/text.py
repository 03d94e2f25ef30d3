"""Plain text: one part, kept as it is."""

from __future__ import annotations

from dream.corpus.document import Document, Part, clean
from dream.corpus.loaders import decode

SUFFIXES = (".txt", ".text")


def recognises(head: bytes) -> bool:
    return False  # any bytes may be plain text: only the ending tells


def load(data: bytes) -> Document:
    text = clean(decode(data))
    return Document(text, (Part("", 0, len(text)),))
