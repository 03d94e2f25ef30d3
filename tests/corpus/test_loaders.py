"""Loaders: what they read out of a file, and what they refuse. One contract for every loader there is."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dream.corpus import parsing
from dream.corpus.cleaning import Cleaner, clean
from dream.corpus.confinement import ORDINARY, share
from dream.corpus.document import Document, Section
from dream.corpus.loaders import PLAIN, loaders
from dream.corpus.parsing import parse
from dream.errors import TextRefused
from tests.corpus import files

TALE = "The bell rang twice.\n\nMaren Oke counted the sheep."

Read = Callable[[str, bytes], Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The only document of a file with this name and content, its sections read."""

    def read_(name: str, data: bytes) -> Document:
        path = tmp_path / "file"
        path.write_bytes(data)
        with parse(path, name) as documents:
            [document] = documents
            document.sections = list(document.sections)
            return document

    return read_


PARAGRAPHS = TALE.split("\n\n")
SAMPLES: dict[str, Callable[[], bytes]] = {
    "docx": lambda: files.word([("Normal", paragraph) for paragraph in PARAGRAPHS]),
    "epub": lambda: files.epub([files.html("", [paragraph]) for paragraph in PARAGRAPHS]),
    "html": lambda: files.html("The Bell", PARAGRAPHS),
    "jsonl": lambda: files.lines({"text": TALE}),
    "markdown": TALE.encode,
    "pdf": lambda: files.pdf([["The bell rang twice.", "", "Maren Oke counted the sheep."]]),
    "text": TALE.encode,
}


@pytest.mark.parametrize("name", loaders())
def test_every_loader_keeps_the_contract(read: Read, name: str) -> None:
    loader = loaders()[name]
    assert loader.SUFFIXES
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in loader.SUFFIXES)
    document = read(f"tale{loader.SUFFIXES[0]}", SAMPLES[name]())
    assert (document.text, document.language, document.notices) == (TALE, "en", [])


@pytest.mark.parametrize("name", [name for name in loaders() if name not in PLAIN])
def test_content_decides_and_a_wrong_name_is_told(read: Read, name: str) -> None:
    assert read("tale", SAMPLES[name]()).notices == []
    document = read("tale.txt", SAMPLES[name]())
    assert document.text == TALE
    [notice] = document.notices
    assert notice.startswith("Its name ends in .txt")


def test_markdown_keeps_front_matter_and_headings(read: Read) -> None:
    source = (
        "---\ntitle: The Bell\nauthor: A. Teller\nlanguage: en\nlicence: CC0-1.0\ntags: [bells, sea]\n"
        "summary: It rings.\n---\n"
        "# The Bell\n\nIt *rang*.\n\n## Later\n\nIt [rang](http://example.com) again.\n"
    )
    document = read("bell.md", source.encode())
    assert document.text == "It rang.\n\nIt rang again."
    assert document.sections == [Section("The Bell", "It rang."), Section("Later", "\n\nIt rang again.")]
    assert (document.title, document.author, document.licence, document.tags) == (
        "The Bell",
        "A. Teller",
        "CC0-1.0",
        ["bells", "sea"],
    )


def test_html_reads_what_a_reader_would_see(read: Read) -> None:
    page = """<!DOCTYPE html><html lang="ko"><head><title>The Bell</title><meta name="author" content="A. Teller">
        <link rel="license" href="https://example.com/by"><style>p {}</style></head><body><nav>Home</nav>
        <h1>The <em>Bell</em></h1><p>It  rang<br>twice &amp; again.</p><p hidden>Say nothing.</p>
        <h2>Later</h2><ul><li>One<li>Two</ul><script>alert(1)</script><ruby>bell<rt>note</rt></ruby></body></html>"""
    document = read("bell.html", page.encode())
    assert document.sections == [
        Section("The Bell", "It rang\ntwice & again."),
        Section("Later", "\n\nOne\n\nTwo\n\nbell"),
    ]
    assert (document.title, document.author, document.language) == ("The Bell", "A. Teller", "ko")
    assert document.licence == "https://example.com/by"
    assert document.notices == ["Left out, as no reader would see it: 1 hidden part of the page."]


def test_an_encoding_that_a_page_declares_is_believed_where_it_is_not_unicode(read: Read) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body>Колокол</body></html>'.encode("cp1251")
    assert read("bell.html", page).text == "Колокол"


def test_an_epub_tells_its_chapters_in_the_order_of_its_spine(read: Read) -> None:
    about = (
        "<dc:title>Bells</dc:title><dc:creator>A</dc:creator><dc:creator>B</dc:creator><dc:language>ko-KR</dc:language>"
    )
    chapters = [b"<html><body><h1>One</h1><p>It rang.</p></body></html>", b"<html><body><p>Later.</p></body></html>"]
    document = read("bell.epub", files.epub(chapters, '<itemref idref="two"/><itemref idref="one"/>', about))
    assert document.sections == [Section("", "Later."), Section("One", "\n\nIt rang.")]
    assert (document.title, document.author, document.language) == ("Bells", "A, B", "ko")


def test_a_word_file_keeps_its_headings_and_properties(read: Read) -> None:
    paragraphs = [("Title", "The Bell"), ("Heading 1", "Later"), ("Normal", "It rang.")]
    document = read("bell.docx", files.word(paragraphs, "Bells", "A. Teller"))
    assert document.sections == [Section("Later", "It rang.")]
    assert (document.title, document.author) == ("Bells", "A. Teller")


def test_a_pdf_becomes_paragraphs_again(read: Read) -> None:
    page = ["The bell rang twice over the quay and nobo-", "dy in Sellen slept at all that long night.", "It was cold."]
    pages = [["The Bell", *page, str(number)] for number in range(1, 6)]
    document = read("bell.pdf", files.pdf([*pages, []]))
    paragraph = "The bell rang twice over the quay and nobody in Sellen slept at all that long night. It was cold."
    assert document.text == "\n\n".join([paragraph] * 5)
    assert document.notices == ["Pages without text: 6. If they are pictures of text, they need OCR first."]


def test_a_file_of_many_works_gives_each_its_name(tmp_path: Path) -> None:
    path = tmp_path / "tales.jsonl"
    path.write_bytes(
        files.lines(
            {"id": 7, "title": "The Bell", "text": "It rang.", "author": "A. Teller"},
            {"name": "Later", "sections": [{"text": "One."}, {"heading": "Two", "text": "Three."}]},
            {"name": "Later", "text": "Again."},
        )
    )
    with parse(path) as documents:
        found = [(document.name, document.title, list(document.sections)) for document in documents]
    assert found == [
        ("7", "The Bell", [Section("", "It rang.")]),
        ("Later", "Later", [Section("", "One."), Section("Two", "\n\nThree.")]),
        ("Later (2)", "Later", [Section("", "Again.")]),
    ]


def test_every_line_at_fault_is_named_up_to_three(read: Read) -> None:
    with pytest.raises(TextRefused) as refusal:
        read("tales.jsonl", b'{"text": "It rang."}\n[1]\n\n{"text": "a"\n{"title": "b"}\n{}')
    assert refusal.value.sentence == (
        "Line 2 is not a JSON object. Line 4 is not JSON. Line 5 has no `text`. Mend that, and bring the file again."
    )


def test_markup_in_markdown_does_not_reach_the_text(read: Read) -> None:
    document = read("bell.md", b"It <script>alert(1)</script> rang.\n\n<div onclick='x'>\nhidden\n</div>\n")
    assert "<" not in document.text


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("bell.xyz", b"\x00\x01\x02\x03" * 20, "format_unknown"),
        ("bell.txt", b"", "file_empty"),
        ("bell.txt", b" \n\n--- ", "no_text"),
        ("bell.txt", b"\xff\xfe\x00", "no_text"),
        ("bell.txt", b"\x7fELF\x01\x02\x03\x00" * 100, "not_text"),
        ("bell.md", b"---\ntitle: [unclosed\n---\nIt rang.", "front_matter"),
        ("bell.md", b"---\ndate: 2024-13-45\n---\nIt rang.", "front_matter"),
        ("bell.md", b"---\ntags: " + b"[" * 3000 + b"\n---\nIt rang.", "front_matter"),
        ("bell.txt", b"{\\rtf1 It rang.}", "format_unknown"),
        ("bell.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_word"),
        ("bell.pdf", b"It rang.", "mislabelled"),
        ("bell.pdf", files.pdf([[], []]), "needs_ocr"),
        ("bell.pdf", files.pdf([["It rang."]])[:-20], "damaged"),
        ("bell.jsonl", b'{"text": "It rang."}\n{"text": 3}', "lines_refused"),
        ("bell.md", b"---\njust words\n---\nIt rang.", "front_matter"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(read: Read, name: str, data: bytes, code: str) -> None:
    with pytest.raises(TextRefused) as refusal:
        read(name, data)
    assert refusal.value.code == code


def test_front_matter_that_multiplies_is_not_written_out(read: Read) -> None:
    doubled = "\n".join(f"n{n}: &n{n} [*n{n - 1}, *n{n - 1}]" for n in range(1, 16))
    source = f"---\nn0: &n0 [bell]\n{doubled}\ntitle: *n15\ntags: [*n15, sea]\n---\n# The Bell\n\nIt rang."
    document = read("bell.md", source.encode())
    assert (document.title, document.tags) == ("The Bell", ["sea"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949"])
def test_encodings_are_found_by_what_the_bytes_say(read: Read, encoding: str) -> None:
    text = "종이 두 번 울렸다.\n\n마렌은 양을 세었다."
    document = read("bell.txt", text.encode(encoding))
    assert (document.text, document.language) == (text, "ko")


def test_western_text_is_read_and_the_guess_is_told(read: Read) -> None:
    document = read(
        "bell.txt",
        ("Die Glocke läutete über den Dächern, und früh am Morgen schloß sich die Tür. " * 4).encode("cp1252"),
    )
    assert "läutete über den Dächern, und früh am Morgen schloß" in document.text
    [notice] = document.notices
    assert "encoding" in notice


def test_a_few_bytes_of_another_encoding_do_not_cost_the_rest(read: Read) -> None:
    document = read("bell.txt", "종이 두 번 울렸다. ".encode() + b"\x93caf\xe9\x94")
    assert document.text == "종이 두 번 울렸다. “café”"
    assert len(document.notices) == 1


def test_cleaning_composes_and_tells_what_it_drops() -> None:
    assert clean("e\u0301\r\nb\u202ea\u200bd\x07") == "é\nbad"
    cleaner = Cleaner()
    cleaner.clean("a\u202e\u202eb\x07")
    cleaner.clean("\U000e0041")
    assert list(cleaner.notices()) == [
        "Left out, as nobody can see them: control characters (1).",
        "Left out, as nobody can see them: direction marks (2).",
        "Left out, as nobody can see them: tag characters (1).",
    ]


def test_a_child_may_open_nothing_once_it_reads() -> None:
    probe = """
import socket
from dream.corpus.confinement import close_the_door, limit
limit()
close_the_door()
for reach in (lambda: open("/etc/hostname"), socket.socket, lambda: socket.create_connection(("127.0.0.1", 9))):
    try:
        reach()
    except OSError as error:
        print(error.errno)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.EMFILE)] * 3


def test_a_large_file_may_take_as_much_longer_as_it_is_larger() -> None:
    assert [share(size) for size in (0, ORDINARY, 5 * ORDINARY // 2)] == [1.0, 1.0, 2.5]


def test_a_plain_text_is_read_without_what_guesses_at_encodings(tmp_path: Path) -> None:
    probe = "import sys\nfrom dream.corpus import child\nchild.main()\nprint(*sys.modules, file=sys.stderr)"
    path = tmp_path / "tale.txt"
    loaded = {}
    for encoding in ("utf-8", "cp1251"):
        path.write_text("Ой, колокол", encoding=encoding)
        with path.open("rb") as file:
            done = subprocess.run(
                [sys.executable, "-c", probe, "tale.txt", "9", "6"],
                stdin=file,
                capture_output=True,
                text=True,
                check=True,
            )
        loaded[encoding] = set(done.stderr.split())
    assert "charset_normalizer" in loaded["cp1251"]
    assert not {"charset_normalizer", "orjson", "zipfile", "dataclasses"} & loaded["utf-8"]


def test_the_service_loads_neither_the_parsers_nor_the_loom() -> None:
    probe = "import sys, dream.service\nfrom dream.corpus.loaders import loaders\nloaders()\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    late = {"lxml", "docx", "pypdfium2", "charset_normalizer", "markdown_it", "dream.storytelling.storytellers.loom"}
    assert not late & set(done.stdout.split())


@pytest.mark.parametrize(
    ("fate", "code", "retry"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "reading_failed", False),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "reading_failed", False),
        ("os._exit(3)", "reading_failed", False),
        ("print('S[]'); sys.stdout.flush(); os._exit(0)", "reading_failed", False),
        ("print('D{}'); sys.stdout.flush(); os._exit(0)", "reading_failed", False),
        ("print('nonsense'); sys.stdout.flush(); os._exit(0)", "reading_failed", False),
        ("bytearray(2**30)", "too_much_memory", False),
        ("[sys.stdout.write('x' * 2**20) for _ in range(300)]", "too_much_text", False),
        ("signal.raise_signal(signal.SIGXCPU)", "too_slow", False),
        ("signal.raise_signal(signal.SIGALRM)", "too_slow", True),
    ],
)
def test_however_a_child_ends_there_is_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str, code: str, retry: bool
) -> None:
    """A child that meets this fate while it reads: a site file, which it loads here, puts it into its way."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "dream").symlink_to(Path(parsing.__file__).parents[1])
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys\nimport dream.corpus.decoding as decoding\n"
        f"def fate(*_):\n    {fate}\n    return False\ndecoding.is_text = fate\n"
    )
    monkeypatch.setattr(parsing, "_PACKAGES", str(folder))
    monkeypatch.setattr(parsing, "_PYTHON", (sys.executable, "-P"))
    path = tmp_path / "tale.xyz"
    path.write_text("It rang.")
    with pytest.raises(TextRefused) as refusal, parse(path) as documents:
        list(documents)
    assert (refusal.value.code, refusal.value.retry) == (code, retry)
