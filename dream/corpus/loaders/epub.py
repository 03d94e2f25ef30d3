"""EPUB: the chapters of its spine, in order."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from dream.corpus.archives import NEEDS as ARCHIVES
from dream.corpus.archives import Archive, names_in
from dream.corpus.document import Document, line
from dream.corpus.markup import NEEDS as MARKUP
from dream.corpus.markup import Reader, tree, xml
from dream.corpus.prose import Prose
from dream.corpus.refusals import refused
from dream.wording import worded

if TYPE_CHECKING:
    from lxml.etree import _Element

SUFFIXES = (".epub",)
NEEDS = (*ARCHIVES, *MARKUP)

_CONTAINER = "META-INF/container.xml"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        return False
    file.seek(30)
    return file.read(28) == b"mimetypeapplication/epub+zip" or _CONTAINER in names_in(file)


def load(file: BinaryIO) -> Iterator[Document]:
    book = Archive(file)
    if _locked(book):
        raise refused("encrypted")
    place = _package(book)
    package = xml(book.read(place))
    if package is None:
        raise refused("damaged")
    notices: list[str] = []
    prose = Prose()
    reader = Reader(prose)
    missing = 0
    for name in _chapters(package, place, notices):
        page = tree(book.read(name).decode("utf-8", "replace")) if name in book.names else None
        if page is None:
            missing += 1
        else:
            reader.read(page)
    if missing:
        notices.append(worded("Chapters that the book lists but does not hold: %(chapters)s.", chapters=missing))
    notices.extend(reader.notices())
    yield Document(
        prose.sections(),
        title=_said(package, "title") or prose.title,
        author=", ".join(_all_said(package, "creator")),
        language=_said(package, "language"),
        licence=_said(package, "rights"),
        summary=_said(package, "description"),
        tags=_all_said(package, "subject"),
        notices=notices,
    )


def _locked(book: Archive) -> bool:
    """Whether more than its fonts is encrypted."""
    listed = xml(book.read("META-INF/encryption.xml"))
    if listed is None:
        return False
    methods = [element.get("Algorithm", "") for element in listed.iter("{*}EncryptionMethod")]
    return any(method not in _FONTS for method in methods)


def _package(book: Archive) -> str:
    """The name of the file that lists what the book holds."""
    container = xml(book.read(_CONTAINER))
    if container is not None:
        for rootfile in container.iter("{*}rootfile"):
            return posixpath.normpath(unquote(str(rootfile.get("full-path", ""))))
    raise refused("damaged")


def _chapters(package: _Element, place: str, notices: list[str]) -> list[str]:
    """The names of the book's pages in reading order, each once."""
    folder = posixpath.dirname(place)
    items: dict[str, str] = {}
    for item in package.iter("{*}item"):
        if str(item.get("media-type", "")).lower() in _PAGES and "nav" not in str(item.get("properties", "")).split():
            href = unquote(str(item.get("href", "")))
            items[str(item.get("id", ""))] = posixpath.normpath(posixpath.join(folder, href))
    spine = [str(one.get("idref", "")) for one in package.iter("{*}itemref") if one.get("linear") != "no"]
    if not spine:
        notices.append(
            worded("The book does not say in which order its chapters come: they are in the order of its list.")
        )
        spine = list(items)
    return list(dict.fromkeys(items[idref] for idref in spine if idref in items))


def _said(package: _Element, name: str) -> str:
    return next(iter(_all_said(package, name)), "")


def _all_said(package: _Element, name: str) -> list[str]:
    found = [line(element.text) for element in package.iter("{http://purl.org/dc/elements/1.1/}" + name)]
    return [text for text in found if text]
