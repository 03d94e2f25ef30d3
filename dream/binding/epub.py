"""EPUB 3: a chapter a file, the notes at the end."""

from __future__ import annotations

import io
import uuid
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from dream.binding.book import Book
from dream.binding.pages import page

MEDIA_TYPE = "application/epub+zip"


def bind(book: Book) -> bytes:
    """The same book gives the same bytes."""
    files = {
        "META-INF/container.xml": page("container.xml", book),
        "book/content.opf": page("content.opf", book, identifier=uuid.uuid5(uuid.NAMESPACE_OID, book.id)),
        "book/contents.xhtml": page("contents.xhtml", book),
        "book/book.css": page("book.css", book),
        "book/title.xhtml": page("title.xhtml", book),
    }
    for number, chapter in enumerate(book.chapters, 1):
        files[f"book/part-{number}.xhtml"] = page("part.xhtml", book, number=number, chapter=chapter)
    if book.notes:
        files["book/inspirations.xhtml"] = page("inspirations.xhtml", book)
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(_entry("mimetype", ZIP_STORED), MEDIA_TYPE)  # first and unpacked, as the format asks
        for name, text in files.items():
            archive.writestr(_entry(name, ZIP_DEFLATED), text)
    return packed.getvalue()


def _entry(name: str, compression: int) -> ZipInfo:
    entry = ZipInfo(name)  # its date is the format's first, so that nothing depends on the clock
    entry.compress_type = compression
    return entry
