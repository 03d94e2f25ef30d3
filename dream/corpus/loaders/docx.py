"""DOCX: Word's paragraphs, with its heading styles as sections. Pictures, comments and deleted text are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from dream.corpus.archives import NEEDS as ARCHIVES
from dream.corpus.archives import Archive, names_in
from dream.corpus.document import Document, line
from dream.corpus.prose import Prose
from dream.corpus.refusals import refused

if TYPE_CHECKING:
    from docx.table import Table, _Cell, _Row
    from docx.text.paragraph import Paragraph

SUFFIXES = (".docx",)
NEEDS = (*ARCHIVES, "docx", "docx.table")

_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files begin that Word wrote before 2007, and those that it locks with a password today."""
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(8) == _OLD_WORD or "word/document.xml" in names_in(file)


def load(file: BinaryIO) -> Iterator[Document]:
    file.seek(0)
    if file.read(8) == _OLD_WORD:
        raise refused("encrypted" if _LOCKED in file.read() else "old_word")
    _check(Archive(file))
    import docx  # loads in the child alone

    file.seek(0)
    word = docx.Document(file)
    prose = Prose()
    _read(word.iter_inner_content(), prose)
    about = word.core_properties
    yield Document(
        prose.sections(),
        title=line(about.title) or prose.title,
        author=line(about.author),
        language=line(about.language),
        summary=line(about.comments),
        tags=[tag for tag in map(line, re.split("[,;]", about.keywords or "")) if tag],
    )


def _check(archive: Archive) -> None:
    """Reads every part within the caps before the library does, and refuses definitions, which no Word file has: they
    would be passed over, and their text with them.
    """
    for name in archive.names:
        part = archive.read(name)
        if name.endswith((".xml", ".rels")) and b"<!DOCTYPE" in part[:4096].replace(b"\x00", b""):
            raise refused("unsafe_markup")


def _read(blocks: Iterable[Paragraph | Table], prose: Prose) -> None:
    from docx.table import Table  # loads in the child alone

    for block in blocks:
        if isinstance(block, Table):
            for row in block.rows:
                prose.paragraph(" ".join(" ".join(cell.text.split()) for cell in _cells(row)))
        elif level := _level(block):
            prose.heading(block.text, level)
        else:
            prose.paragraph(block.text)


def _cells(row: _Row) -> list[_Cell]:
    """A row's cells, each once: one that spans columns stands in all of them."""
    return list({id(cell._tc): cell for cell in row.cells}.values())  # noqa: SLF001 - the library offers no other identity


def _level(paragraph: Paragraph) -> int:
    """The level of a heading, 0 for a paragraph that is none. Styles that come with Word have English names inside."""
    style = paragraph.style
    name = (style.name or "") if style else ""
    if name.lower() == "title":
        return 1
    found = _HEADING.match(name)
    return int(found[1]) if found else 0
