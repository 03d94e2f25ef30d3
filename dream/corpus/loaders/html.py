"""HTML: headings become sections; what it says of itself comes from its head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from dream.corpus.decoding import NEEDS as DECODING
from dream.corpus.decoding import decode
from dream.corpus.document import Document, line
from dream.corpus.markup import NEEDS as MARKUP
from dream.corpus.markup import Reader, tree
from dream.corpus.prose import Prose

if TYPE_CHECKING:
    from lxml.etree import _Element

SUFFIXES = (".html", ".htm", ".xhtml")
NEEDS = (*DECODING, *MARKUP)

_START = re.compile(rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    return bool(_START.match(file.read(4096).replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")))


def load(file: BinaryIO) -> Iterator[Document]:
    notices: list[str] = []
    file.seek(0)
    declared = _DECLARED.search(file.read(4096))
    root = tree(decode(file, notices, declared[1].decode() if declared else ""))
    prose = Prose()
    about: dict[str, str] = {}
    if root is not None:
        reader = Reader(prose)
        reader.read(root)
        about = _head(root)
        notices.extend(reader.notices())
    yield Document(
        prose.sections(),
        title=about.get("title") or prose.title,
        author=about.get("author") or about.get("dc.creator", ""),
        language=about.get("language", ""),
        licence=about.get("licence") or about.get("dc.rights") or about.get("dcterms.rights", ""),
        summary=about.get("description", ""),
        tags=[tag for tag in map(line, about.get("keywords", "").split(",")) if tag],
        notices=notices,
    )


def _head(root: _Element) -> dict[str, str]:
    """What the page says of itself, by the names it uses for that."""
    about: dict[str, str] = {}
    for element in root.iter("html", "title", "meta", "link"):
        if element.tag == "html":
            about["language"] = line(element.get("lang") or element.get("xml:lang"))
        elif element.tag == "title":
            about.setdefault("title", line(element.text))
        elif element.tag == "meta":
            about.setdefault(line(element.get("name")).lower(), line(element.get("content")))
        elif "license" in line(element.get("rel")).lower().split():
            about.setdefault("licence", line(element.get("href")))
    return about
