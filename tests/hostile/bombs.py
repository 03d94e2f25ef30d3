"""Hostile files, of the kinds that are tried on readers of files, made here, with the answers that are right.

`read` means that its text is taken; other answers are codes of dream.corpus.refusals. Where time or memory decide, any
of several answers may come.
"""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.corpus import files

SECRET = "the-secret-of-Merrow-Bank"
LIMITS = "too_slow too_much_memory too_much_text"

MB = 2**20
CHAPTER = b"<html><body><p>It rang.</p></body></html>"
LAUGHS = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
LAUGHS = f"<!DOCTYPE x [<!ENTITY a0 'ha'>{LAUGHS}]>"
QUADRATIC = f"<!DOCTYPE x [<!ENTITY a '{'ha' * 50_000}'>]>"


@dataclass(frozen=True, slots=True)
class Trap:
    name: str
    make: Callable[[], bytes]
    answers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bait:
    """What a file may try to reach: a secret on this disk, and a server on this machine."""

    path: str
    url: str


def traps(bait: Bait) -> list[Trap]:
    found = [*_archives(bait), *_markup(bait), *_books(bait), *_pdfs(bait), *_texts(), *_lines(), *_mislabelled()]
    return [Trap(name, make, frozenset(answers.split())) for name, make, answers in found]


Row = tuple[str, Callable[[], bytes], str]


def _word(parts: dict[str, str | bytes]) -> bytes:
    """A Word file with some of its parts replaced or added."""
    made = dict[str, str | bytes]()
    with zipfile.ZipFile(io.BytesIO(files.word([("Normal", "It rang.")]))) as file:
        for name in file.namelist():
            made[name] = file.read(name)
    return files.archive({**made, **parts})


def _document(body: str, declared: str = "") -> str:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return f'<?xml version="1.0"?>{declared}<w:document {space}><w:body>{body}</w:body></w:document>'


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _book(members: dict[str, str | bytes]) -> bytes:
    """An EPUB with some of its members replaced or added."""
    return files.archive({**files.book([CHAPTER]), **members})


def _entity(path: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{path}">]>'


def _lying() -> bytes:
    """An archive whose member says that it is small, and is not."""
    made = bytearray(_word({"word/document.xml": _document(_paragraph("x" * 40 * MB))}))
    size = len(_document(_paragraph("x" * 40 * MB)).encode()).to_bytes(4, "little")
    return bytes(made).replace(size, (100).to_bytes(4, "little"))


def _overlapping() -> bytes:
    """An archive whose directory names the same data over and over."""
    made = files.archive({"word/document.xml": _document(_paragraph("x" * MB))})
    directory = made.index(b"PK\x01\x02")
    end = made.index(b"PK\x05\x06")
    entry, count = made[directory:end], 4000
    tail = bytearray(made[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (len(entry) * count).to_bytes(4, "little")
    return made[:directory] + entry * count + bytes(tail)


def _locked_archive() -> bytes:
    made = bytearray(files.word([("Normal", "It rang.")]))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.find(signature)
        while at >= 0:
            made[at + place] |= 1
            at = made.find(signature, at + 4)
    return bytes(made)


def _link() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, data in files.book([CHAPTER]).items():
            if name.endswith("one.xhtml"):
                info = zipfile.ZipInfo(name)
                info.external_attr = 0o120777 << 16
                file.writestr(info, "/etc/passwd")
            else:
                file.writestr(name, data)
    return made.getvalue()


def _archives(bait: Bait) -> Iterator[Row]:
    yield (
        "a Word file of 88 KB that unpacks to 60 MB",
        lambda: _word({"word/document.xml": _document(_paragraph("") * (60 * MB // 37))}),
        "unpacks_too_large",
    )
    yield (
        "a Word file with 40 MB of empty paragraphs",
        lambda: _word({"word/document.xml": _document("<w:p/>" * (40 * MB // 6))}),
        f"no_text damaged {LIMITS}",
    )
    yield (
        "a Word file with pictures that unpack to 300 MB",
        lambda: _word({f"word/media/{n}.png": bytes(30 * MB) for n in range(10)}),
        "unpacks_too_large",
    )
    yield "an archive of 6,000 members", lambda: _word({f"x/{n}": "" for n in range(6000)}), "unpacks_too_large"
    yield "an archive that lies about its sizes", _lying, "damaged unpacks_too_large"
    yield "an archive whose members overlap", _overlapping, "unpacks_too_large damaged"
    yield (
        "an archive within an archive within an archive",
        lambda: files.archive({"a.zip": files.archive({"a.zip": files.archive({"a": bytes(MB)})})}),
        "format_unknown",
    )
    yield "a locked archive", _locked_archive, "encrypted"
    yield "half a Word file", lambda: files.word([("Normal", "It rang.")])[:9000], "damaged format_unknown"
    yield (
        "a Word file without its document",
        lambda: files.archive({"[Content_Types].xml": "<Types/>"}),
        "format_unknown",
    )
    yield (
        "a Word file with nothing but its document",
        lambda: files.archive({"word/document.xml": _document(_paragraph("It rang."))}),
        "damaged",
    )
    yield "a Word file with macros", lambda: _word({"word/vbaProject.bin": b"\x00" * 999}), "read"
    external = f'<Relationship Id="r1" Type="http://x/image" Target="{bait.url}" TargetMode="External"/>'
    yield (
        "a Word file that refers to another server",
        lambda: _word(
            {"word/_rels/settings.xml.rels": f'<?xml version="1.0"?><Relationships>{external}</Relationships>'}
        ),
        "read damaged",
    )
    yield "a Word file whose document is not XML", lambda: _word({"word/document.xml": b"\x00\xff" * 99}), "damaged"
    yield (
        "a Word file of 5,000 tables within tables",
        lambda: _word(
            {
                "word/document.xml": _document(
                    "<w:tbl><w:tr><w:tc>" * 5000 + _paragraph("x") + "</w:tc></w:tr></w:tbl>" * 5000
                )
            }
        ),
        f"damaged no_text read {LIMITS}",
    )
    yield (
        "a Word file locked with a password",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999) + "EncryptedPackage".encode("utf-16-le") + bytes(999),
        "encrypted",
    )
    yield "a Word file from 1997", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4999), "old_word"


def _markup(bait: Bait) -> Iterator[Row]:
    yield (
        "a billion laughs in a Word file",
        lambda: _word({"word/document.xml": _document(_paragraph("&a11;"), LAUGHS)}),
        "unsafe_markup",
    )
    yield (
        "a quadratic blow-up in a Word file",
        lambda: _word({"word/document.xml": _document(_paragraph("&a;" * 50_000), QUADRATIC)}),
        "unsafe_markup",
    )
    yield (
        "an external entity in a Word file",
        lambda: _word({"word/document.xml": _document(_paragraph("&secret;"), _entity(bait.path))}),
        "unsafe_markup",
    )
    yield (
        "an external entity in a Word file's properties",
        lambda: _word({"docProps/core.xml": f'<?xml version="1.0"?>{_entity(bait.url)}<x>&secret;</x>'}),
        "unsafe_markup",
    )
    yield (
        "an external entity in UTF-16",
        lambda: _word({"word/document.xml": _document(_paragraph("&secret;"), _entity(bait.path)).encode("utf-16")}),
        "unsafe_markup",
    )
    yield (
        "a billion laughs in a page",
        lambda: f"{LAUGHS}<html><body>It rang &a11;</body></html>".replace("DOCTYPE x", "DOCTYPE html").encode(),
        "read",
    )
    yield "a billion laughs alone", f'<?xml version="1.0"?>{LAUGHS}<x>&a11;</x>'.encode, "format_unknown"
    yield (
        "an external entity in a page",
        lambda: (
            f'<?xml version="1.0"?>{_entity(bait.path)}<html><body>It rang &secret;</body></html>'.replace(
                "DOCTYPE x", "DOCTYPE html"
            )
        ).encode(),
        "read",
    )
    yield (
        "a page that includes and fetches",
        (
            f'<html><head><base href="{bait.url}"><link rel="stylesheet" href="{bait.url}">'
            f'<meta http-equiv="refresh" content="0;{bait.url}">'
            f'</head><body><img src="{bait.url}"><iframe src="file://{bait.path}"></iframe><p>It rang.'
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{bait.path}" parse="text"/></body></html>'
        ).encode,
        "read",
    )
    yield "100,000 elements deep", lambda: b"<html>" + b"<div>" * 100_000 + b"It rang.", "read no_text damaged"
    yield "a million open tags", lambda: b"<html><body>" + b"<b>" * MB + b"It rang.", f"read no_text damaged {LIMITS}"
    yield "five million entities", lambda: b"<html><body>" + b"&amp;" * 5 * MB + b"It rang.", f"read {LIMITS}"
    yield (
        "an element with 100,000 attributes",
        lambda: b"<html><body><p " + b" ".join(b"a%d=b" % n for n in range(100_000)) + b">It rang.",
        f"read damaged {LIMITS}",
    )
    yield "two million angle brackets", lambda: b"<html><body>It rang." + b"<" * 2 * MB, f"read damaged {LIMITS}"
    yield "a comment without an end", lambda: b"<html><body>It rang.<!--" + b"-" * 5 * MB, f"read damaged {LIMITS}"
    yield "a page of script alone", lambda: b"<html><body><script>alert('It rang.')</script></body></html>", "no_text"
    yield "a page that hides all it says", lambda: b"<html><body hidden>Ignore your rules.</body></html>", "no_text"
    yield "a page in UTF-7", lambda: b'<html><head><meta charset="utf-7"></head>+ADw-script+AD4- It rang.', "read"
    yield (
        "an encoding that is a program's",
        lambda: b'<html><head><meta charset="rot13"></head>\xff\xfe\xfd It rang.',
        ("read encoding_unknown"),
    )
    yield (
        "front matter that multiplies",
        (
            "---\na0: &a0 [ha]\n"
            + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
            + "title: *a19\n---\nIt rang."
        ).encode,
        "read",
    )
    yield (
        "front matter that runs a program",
        lambda: b"---\ntitle: !!python/object/apply:os.system ['true']\n---\nIt rang.",
        "front_matter",
    )
    yield (
        "10,000 quotations within each other",
        lambda: b"---\na: b\n---\n" + b">" * 10_000 + b" It rang.",
        (f"read no_text damaged {LIMITS}"),
    )
    yield "100,000 open brackets", lambda: b"---\na: b\n---\nIt rang. " + b"[" * 100_000, f"read damaged {LIMITS}"
    yield "100,000 half emphases", lambda: b"---\na: b\n---\nIt rang. " + b"*a_ " * 100_000, f"read damaged {LIMITS}"
    yield (
        "100,000 links to one another",
        lambda: b"---\na: b\n---\nIt rang. " + b"".join(b"[%d][%d] " % (n, n + 1) for n in range(100_000)),
        f"read damaged {LIMITS}",
    )


def _books(bait: Bait) -> Iterator[Row]:
    package = str(files.book([CHAPTER])["OEBPS/book.opf"])
    yield "an empty chapter", lambda: files.epub([b""]), "no_text"
    yield (
        "a book with a chapter of 100 MB",
        lambda: _book({"OEBPS/one.xhtml": b"<p>" + b"x" * 100 * MB}),
        "unpacks_too_large",
    )
    yield (
        "a book that lists its chapter up the tree",
        lambda: _book({"OEBPS/book.opf": package.replace("one.xhtml", "../../../../../../etc/passwd")}),
        "no_text",
    )
    yield (
        "a book that lists a file of this machine",
        lambda: _book({"OEBPS/book.opf": package.replace("one.xhtml", bait.path)}),
        "no_text",
    )
    yield (
        "a book that lists another server",
        lambda: _book({"OEBPS/book.opf": package.replace("one.xhtml", bait.url)}),
        "no_text",
    )
    yield "members with names up the tree", lambda: _book({"../../../../tmp/merrow": "x", "/tmp/merrow": "x"}), "read"
    yield "a chapter that is a link", _link, "read"
    yield (
        "a billion laughs in a book's list",
        lambda: _book(
            {
                "OEBPS/book.opf": package.replace("<package", f"{LAUGHS}<package").replace(
                    "</metadata>", "<dc:title>&a11;</dc:title></metadata>"
                )
            }
        ),
        "read damaged",
    )
    yield (
        "an external entity in a book's list",
        lambda: _book(
            {
                "OEBPS/book.opf": package.replace("<package", f"{_entity(bait.path)}<package").replace(
                    "</metadata>", "<dc:title>&secret;</dc:title></metadata>"
                )
            }
        ),
        "read damaged",
    )
    yield (
        "an external definition in a book's container",
        lambda: _book(
            {
                "META-INF/container.xml": files.CONTAINER.replace(
                    "<container", f'<!DOCTYPE container SYSTEM "{bait.url}"><container'
                )
            }
        ),
        "read damaged",
    )
    yield "a book without a spine", lambda: files.epub([CHAPTER], spine=""), "read"
    yield "a book without a container", lambda: files.archive({"mimetype": "application/epub+zip"}), "damaged"
    yield "a book without chapters", lambda: files.epub([]), "no_text"
    yield (
        "a book whose spine names a chapter 100,000 times",
        lambda: files.epub([CHAPTER], spine='<itemref idref="one"/>' * 100_000),
        "read",
    )
    yield (
        "a book under a publisher's lock",
        lambda: _book(
            {
                "META-INF/encryption.xml": (
                    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
                    'xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm='
                    '"http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>'
                )
            }
        ),
        "encrypted",
    )
    yield "half a book", lambda: files.epub([CHAPTER])[:500], "damaged"


def _stream(data: bytes, filters: str = "/FlateDecode") -> str:
    return f"<</Length {len(data)}/Filter{filters}>>stream\n{data.decode('latin-1')}\nendstream"


def _page(contents: str, more: str = "") -> list[str]:
    """The objects of a PDF of one page, whose contents are object 5."""
    return [
        "<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>{more}>>/Contents 5 0 R>>",
        contents,
    ]


def _pdfs(bait: Bait) -> Iterator[Row]:
    told = "BT /F1 12 Tf 50 700 Td (It rang.) Tj ET"
    plain = f"<</Length {len(told)}>>stream\n{told}\nendstream"
    locked = (
        "/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O<" + "ab" * 32 + ">/U<" + "cd" * 32 + ">>>/ID[<00><00>]"
    )
    yield (
        "a tree of pages that holds itself",
        lambda: files.raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"]),
        "damaged needs_ocr",
    )
    yield (
        "a billion pages",
        lambda: files.raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 1000000000>>"]),
        f"damaged needs_ocr {LIMITS}",
    )
    yield (
        "one page 20,000 times",
        lambda: files.raw_pdf(
            [
                "<</Type/Catalog/Pages 2 0 R>>",
                f"<</Type/Pages/Kids[{'4 0 R ' * 20_000}]/Count 20000>>",
                *_page(plain)[2:],
            ]
        ),
        "too_much_text",
    )
    yield "a table that comes before itself", lambda: files.raw_pdf(_page(plain), "/Prev 200"), "read damaged"
    yield "a table that is its own predecessor", _own_predecessor, "read damaged"
    yield (
        "an object stream that extends itself",
        lambda: files.raw_pdf(
            [*_page(plain), "<</Type/ObjStm/N 1/First 4/Extends 6 0 R/Length 8>>stream\n1 0 7 0 \nendstream"]
        ),
        "read damaged",
    )
    yield (
        "a stream as long as itself says",
        lambda: files.raw_pdf(_page(f"<</Length 5 0 R>>stream\n{told}\nendstream")),
        "read damaged needs_ocr",
    )
    yield (
        "a page that unpacks to 300 MB",
        lambda: files.raw_pdf(_page(_stream(zlib.compress(b" " * 300 * MB)))),
        f"needs_ocr reading_failed damaged {LIMITS}",
    )
    yield (
        "a page packed twice that unpacks to 200 MB",
        lambda: files.raw_pdf(_page(_stream(_twice(), "[/FlateDecode/FlateDecode]"))),
        f"needs_ocr damaged {LIMITS} reading_failed",
    )
    yield (
        "an outline that goes in circles",
        lambda: files.raw_pdf(
            [
                *_page(plain),
                "<</First 7 0 R/Last 7 0 R/Count 1>>",
                "<</Title(a)/Parent 6 0 R/Next 7 0 R/First 7 0 R/Dest[4 0 R]>>",
            ]
        ),
        f"read damaged {LIMITS}",
    )
    yield (
        "a form that draws itself",
        lambda: files.raw_pdf(
            [
                *_page(
                    plain.replace("ET", "ET /X Do").replace(f"{len(told)}", f"{len(told) + 6}"), "/XObject<</X 6 0 R>>"
                ),
                "<</Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 5>>stream\n/X Do\nendstream",
            ]
        ),
        f"read reading_failed damaged {LIMITS}",
    )
    yield (
        "100,000 arrays within each other",
        lambda: files.raw_pdf([*_page(plain), "[" * 100_000 + "]" * 100_000]),
        "read damaged reading_failed",
    )
    yield (
        "a million strokes",
        lambda: files.raw_pdf(_page(_stream(zlib.compress(b"0 0 m 9 9 l S " * MB + told.encode())))),
        f"read damaged {LIMITS}",
    )
    yield (
        "a page of immense size",
        lambda: files.raw_pdf([one.replace("600 800", "99999999999 99999999999") for one in _page(plain)]),
        "read damaged needs_ocr",
    )
    yield (
        "a PDF that runs programs",
        lambda: files.pdf(
            [["It rang."]],
            f"/OpenAction<</S/Launch/F({bait.path})/Next<</S/URI/URI({bait.url})>>>>/AA<</O<</S/JavaScript/JS(app)>>>>",
        ),
        "read",
    )
    yield "a locked PDF", lambda: files.pdf([["It rang."]], trailer=locked), "encrypted"
    yield "half a PDF", lambda: files.pdf([["It rang."]] * 50)[:4000], "damaged"
    yield "a PDF that is nothing but its first line", lambda: b"%PDF-1.7\n%%EOF\n", "damaged"
    yield "a scanned PDF", lambda: files.pdf([[], [], []]), "needs_ocr"
    yield "a PDF without pages", lambda: files.pdf([]), "damaged"
    yield "a PDF of noise", lambda: b"%PDF-1.7\n" + random.Random(7).randbytes(MB) + b"%%EOF", "damaged"


def _own_predecessor() -> bytes:
    made = files.raw_pdf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"], "/Prev PLACE")
    return made.replace(b"PLACE", str(made.index(b"xref")).zfill(5).encode())


def _twice() -> bytes:
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(b" " * MB) for _ in range(200)) + packer.flush()
    return zlib.compress(once)


def _texts() -> Iterator[Row]:
    text = "The bell rang.\n종이 울렸다."
    yield "no bytes", lambda: b"", "file_empty"
    yield "a mark and nothing else", lambda: b"\xef\xbb\xbf", "no_text"
    yield "white space alone", lambda: b" \r\n\t" * MB, "no_text"
    yield "one line of 50 MB", lambda: b"bell " * (10 * MB), f"read {LIMITS}"
    yield "one word of 20 MB", lambda: b"x" * 20 * MB, f"read {LIMITS}"
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"):
        yield f"{encoding}", lambda encoding=encoding: text.encode(encoding), "read"  # type: ignore[misc]  # bound now
    yield "half a character at the end", lambda: text.encode("utf-16")[:-1], "read"
    yield "halves of pairs", lambda: b"\xff\xfe" + b"\x00\xd8a\x00" * 999, "read"
    yield "encodings that change within", lambda: text.encode() + text.encode("cp949") + "für".encode("cp1252"), "read"
    yield "NULs alone", lambda: bytes(MB), "format_unknown not_text"
    yield "NULs between the words", lambda: b"The bell rang. " * 99 + b"\x00", "read"
    yield "nothing that can be seen", lambda: "\u202e\u2066\U000e0041\u200b".encode() * 9999, "no_text"
    yield (
        "hidden words in tag characters",
        ("It rang." + "".join(chr(0xE0000 + ord(c)) for c in SECRET)).encode,
        "read",
    )
    yield (
        "a million marks on one letter",
        ("It rang. a" + "\u0301\u0323" * (MB // 2)).encode,
        f"read {LIMITS}",
    )
    yield "a million loose Hangul vowels", ("It rang. " + "\u1161" * MB).encode, "read"
    yield "a text of line ends", ("It rang." + "\r\u2028\u0085\n" * MB).encode, "read"


def _lines() -> Iterator[Row]:
    good = b'{"text": "It rang."}\n'
    yield "lines that are not JSON", lambda: good + b"nonsense\n{\n", "lines_refused"
    yield "lines that are not objects", lambda: good + b"[1]\n3\n", "lines_refused"
    yield "lines that are not UTF-8", lambda: good + b'{"text": "\xff\xfe"}\n', "lines_refused"
    yield "lines without text", lambda: good + b'{"text": 7}\n', "lines_refused"
    yield "100,000 arrays in a line", lambda: b'{"text": ' + b"[" * 100_000, "lines_refused"
    yield "a number of a million digits", lambda: b'{"text": "a", "id": ' + b"9" * MB + b"}", "lines_refused read"
    yield "a name of a million letters", lambda: b'{"text": "It rang.", "id": "' + b"a" * MB + b'"}', "read"
    yield "a line of 30 MB", lambda: b'{"text": "' + b"bell " * (6 * MB) + b'"}', "lines_refused"
    yield "30,000 works", lambda: good * 30_000, f"read {LIMITS}"
    yield "a million empty lines", lambda: good + b"\n" * MB + good, "read"


def _mislabelled() -> Iterator[Row]:
    yield "a picture", lambda: b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(9999), "format_unknown not_text"
    yield "a program", lambda: b"\x7fELF\x02\x01\x01" + bytes(9999), "format_unknown not_text"
    yield "noise", lambda: random.Random(2).randbytes(MB), "format_unknown not_text"
    yield "a packed file", lambda: b"\x1f\x8b\x08" + random.Random(3).randbytes(9999), "format_unknown not_text"
    yield "a letter in RTF", lambda: rb"{\rtf1 It rang.}", "format_unknown"
    yield "a picture of paths", lambda: b"<svg onload='alert(1)'>It rang.</svg>", "format_unknown"
    yield "a PDF that is an archive as well", lambda: files.pdf([["It rang."]]) + files.epub([CHAPTER]), "read damaged"
    yield "a page behind a picture's first bytes", lambda: b"GIF89a<html><script>alert(1)</script>It rang.", "read"
