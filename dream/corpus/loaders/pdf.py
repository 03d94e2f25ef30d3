"""PDF: the text of its pages, with its outline as sections. Lines are put together again into paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from dream.corpus.document import Document, Section, line
from dream.corpus.refusals import refused
from dream.wording import worded

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

SUFFIXES = (".pdf",)
NEEDS = ("pypdfium2",)

_MOST_PAGES = 10_000
_LOCKED = "password"
_LISTED = 20  # pages without text that are named
_BLANK = worded("Pages without text: %(pages)s. If they are pictures of text, they need OCR first.")
_MANY_BLANK = worded(
    "Pages without text: %(pages)s and %(more)s more. If they are pictures of text, they need OCR first."
)
_END = re.compile(r"[.!?…:。！？][\"'”’»)\]」』]*$")
_DIGITS = re.compile(r"\d+")


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    return b"%PDF-" in file.read(1024)


def load(file: BinaryIO) -> Iterator[Document]:
    import pypdfium2  # loads in the child alone

    _check_end(file)
    try:
        pdf = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise refused("encrypted" if _LOCKED in str(error).lower() else "damaged") from None
    if not len(pdf):
        raise refused("damaged")
    if len(pdf) > _MOST_PAGES:
        raise refused("too_much_text")
    pages = [_lines(pdf, number) for number in range(len(pdf))]
    if not any(c.isalnum() for page in pages for text in page for c in text):
        raise refused("needs_ocr")
    notices = _blank(pages)
    about = pdf.get_metadata_dict()
    yield Document(
        list(_sections(_bare(pages), _outline(pdf))),
        title=line(about.get("Title")),
        author=line(about.get("Author")),
        summary=line(about.get("Subject")),
        tags=[tag for tag in map(line, re.split("[,;]", about.get("Keywords") or "")) if tag],
        notices=notices,
    )


def _check_end(file: BinaryIO) -> None:
    """A PDF ends by saying so. One that was cut short could still be opened, and lack half its pages."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 4096))
    if b"%%EOF" not in file.read():
        raise refused("damaged")
    file.seek(0)


def _lines(pdf: PdfDocument, number: int) -> list[str]:
    """The lines of a page; none for a page that cannot be read."""
    import pypdfium2  # loads in the child alone

    try:
        page = pdf[number]
        words = page.get_textpage()
        text = words.get_text_range()
        words.close()
        page.close()
    except pypdfium2.PdfiumError:
        return []
    text = text.replace("\ufffe\r\n", "").replace("\x02\r\n", "").replace("\x02", "").replace("\ufffe", "")
    return [" ".join(one.split()) for one in text.splitlines()]


def _blank(pages: list[list[str]]) -> list[str]:
    empty = [str(number) for number, page in enumerate(pages, 1) if not any(page)]
    if not empty:
        return []
    listed = ", ".join(empty[:_LISTED])
    return [worded(_BLANK if len(empty) <= _LISTED else _MANY_BLANK, pages=listed, more=len(empty) - _LISTED)]


def _bare(pages: list[list[str]]) -> list[list[str]]:
    """Pages without page numbers and without the lines that most of them begin or end with."""
    written = [page for page in pages if any(page)]
    often = Counter(_shape(page[at]) for page in written for at in ({0, len(page) - 1} if page else ()))
    running = {shape for shape, count in often.items() if count > 3 and count * 2 > len(written)} | {"#"}
    bare = []
    for page in pages:
        start, end = 0, len(page)
        while start < end and (not page[start] or _shape(page[start]) in running):
            start += 1
        while end > start and (not page[end - 1] or _shape(page[end - 1]) in running):
            end -= 1
        bare.append(page[start:end])
    return bare


def _shape(text: str) -> str:
    return _DIGITS.sub("#", text).strip(" -–—|.")


def _outline(pdf: PdfDocument) -> dict[int, str]:
    """The heading that each page begins with, by its number from 0, where the outline names one."""
    headings: dict[int, str] = {}
    for bookmark in pdf.get_toc(max_depth=3):
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        if page is not None:
            headings.setdefault(page, line(bookmark.get_title()))
    return headings


def _sections(pages: list[list[str]], headings: dict[int, str]) -> Iterator[Section]:
    """The pages under each heading as one section, paragraphs put together across pages."""
    heading, lines, gap = "", list[str](), ""
    for number, page in enumerate(pages):
        if number in headings:
            text = _paragraphs(lines)
            if text:
                yield Section(heading, gap + text)
                gap = "\n\n"
            heading, lines = headings[number], []
        lines += page
    if text := _paragraphs(lines):
        yield Section(heading, gap + text)


def _paragraphs(lines: list[str]) -> str:
    """Lines joined into paragraphs: one ends at an empty line, or at a sentence's end that leaves its line short."""
    lengths = sorted(len(one) for one in lines if one)
    full = lengths[len(lengths) * 3 // 4] * 0.8 if lengths else 0
    paragraphs: list[str] = []
    held = ""
    for one in lines:
        if held.endswith("-") and one[:1].islower():
            held = held[:-1] + one
        else:
            held = f"{held} {one}" if held and one else held or one
        if not one or (len(one) < full and _END.search(one)):
            paragraphs.append(held)
            held = ""
    return "\n\n".join(paragraph for paragraph in [*paragraphs, held] if paragraph)
