"""The formats that a story can be kept in, by the ending of their files' names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dream.binding import epub, markdown, pdf, plain
from dream.binding.book import Book


@dataclass(frozen=True, slots=True)
class Format:
    """`bind` makes a file of a book; the folder is where it may keep what it needs again."""

    media_type: str
    bind: Callable[[Book, Path], bytes]


FORMATS = {
    "epub": Format(epub.MEDIA_TYPE, lambda book, _: epub.bind(book)),
    "pdf": Format(pdf.MEDIA_TYPE, pdf.bind),
    "md": Format(markdown.MEDIA_TYPE, lambda book, _: markdown.bind(book)),
    "txt": Format(plain.MEDIA_TYPE, lambda book, _: plain.bind(book)),
}
