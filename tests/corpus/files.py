"""Files in every format, made as other programs would make them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence

import docx

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
SPINE = '<itemref idref="one"/><itemref idref="two"/>'


def html(title: str, paragraphs: Sequence[str]) -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>{body}</body></html>'.encode()


def archive(members: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return made.getvalue()


def book(chapters: Sequence[bytes], spine: str = SPINE, about: str = "") -> dict[str, str | bytes]:
    """The members of an EPUB; its chapters are called one and two."""
    names = ("one", "two")[: len(chapters)]
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in names)
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{about}</metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package,
        **{f"OEBPS/{name}.xhtml": chapter for name, chapter in zip(names, chapters, strict=True)},
    }


def epub(chapters: Sequence[bytes], spine: str = SPINE, about: str = "") -> bytes:
    return archive(book(chapters, spine, about))


def word(paragraphs: Sequence[tuple[str, str]], title: str = "", author: str = "") -> bytes:
    """A DOCX of (style, text)."""
    document = docx.Document()
    for style, text in paragraphs:
        document.add_paragraph(text, style)
    document.core_properties.title, document.core_properties.author = title, author
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def pdf(pages: Sequence[Sequence[str]], catalog: str = "", trailer: str = "") -> bytes:
    """A PDF of pages of lines."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, lines in enumerate(pages):
        drawn = "BT /F1 12 Tf 50 700 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
        objects += [
            f"{page}/Contents {5 + 2 * number} 0 R>>",
            f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        ]
    return raw_pdf(objects, trailer)


def raw_pdf(objects: Sequence[str], trailer: str = "") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    made = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        made
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer<</Root 1 0 R/Size {len(objects) + 1}{trailer}>>\nstartxref\n{len(made)}\n%%EOF\n"
        ).encode()
    )


def lines(*works: object) -> bytes:
    return "\n".join(json.dumps(work, ensure_ascii=False) for work in works).encode()
