"""What each format holds of a book, and that readers of that format can take it."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from markdown_it import MarkdownIt

from dream.binding import epub, markdown, pdf, plain
from dream.binding.book import Book
from dream.binding.wording import wording
from dream.errors import Busy, NotBound
from tests.binding.conftest import ENGLISH


def test_plain_text_holds_the_story_and_its_notes(english: Book) -> None:
    text = plain.bind(english).decode()
    assert "There was once a keeper & her <bell>. The bell hung in fog.[1]" in text
    assert "Let the tide come in" in text
    assert "[1] Ask Him on the Stairs · The dream project · CC0-1.0" in text
    assert "[2] An inspiration that its author has taken back." in text
    assert "9 March 2026" in text


def test_what_a_book_says_besides_its_story_is_in_its_language(book: Book) -> None:
    said = {
        "en": ("Told by dream’s loom", "9 March 2026", "Inspirations"),
        "ko": (
            "dream의 베틀이 들려준 이야기, gpt-4.1-mini의 이야기, 일부는 독자가 직접 고쳐 씀",
            "2026년 3월 9일",
            "영감을 준 글",
        ),
    }[book.language]
    made = [plain.bind(book).decode(), *(file.decode() for file in _unpacked(epub.bind(book)))]
    for words in said:
        assert any(words in text for text in made[:1])
        assert any(words in text for text in made[1:])


def test_the_readers_hand_is_named_last() -> None:
    told = {
        ("reader", "loom"): "Told by dream’s loom, in part in the reader’s own words",
        ("reader",): "In part in the reader’s own words",
    }
    for tellers, said in told.items():
        assert wording("en").tellers(replace(ENGLISH, tellers=tellers)) == said


def _unpacked(made: bytes) -> list[bytes]:
    archive = ZipFile(io.BytesIO(made))
    return [archive.read(name) for name in archive.namelist()]


def test_markdown_shows_what_was_told_and_nothing_that_it_spells(english: Book) -> None:
    html = MarkdownIt("commonmark").render(markdown.bind(english).decode())
    assert html.count("<h1>") == 1
    assert "<h1>A keeper &amp; the &lt;bell&gt; of “Cold Point”</h1>" in html
    assert "# Not a heading, *not* a list" in html
    assert "<ol>" not in html
    assert "<em>not</em>" not in html


def test_an_epub_is_what_epubcheck_takes_without_a_word(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(epub.bind(book))
    check = ["java", "-jar", "/usr/share/java/epubcheck.jar", "--failonwarnings", str(path)]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_epub_begins_with_its_kind_and_is_the_same_each_time(book: Book) -> None:
    made = epub.bind(book)
    assert made == epub.bind(book)
    first = ZipFile(io.BytesIO(made)).infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)


def test_a_pdf_holds_the_words_of_the_story(book: Book, tmp_path: Path) -> None:
    book = replace(book, title=" ".join([book.title] * 6))  # over several lines, none of which ends within a word
    path = tmp_path / "book.pdf"
    path.write_bytes(pdf.bind(book, tmp_path / "fonts"))
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
    first_page = text.partition("\f")[0].split()
    assert all(first_page.count(word) >= 6 for word in book.title.split())
    assert book.notes[0].title in text
    if book.language == "ko":  # lines end between any two syllables, as in Korean books
        solid = "".join(text.split())
        assert all("".join(run.text.split()) in solid for run in book.chapters[0].paragraphs[0])
    assert ("Gowun" if book.language == "ko" else "Literata") in fonts


def test_presses_are_few(english: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(pdf.AT_ONCE):
        pdf._presses.acquire()
    try:
        with pytest.raises(Busy):
            pdf.bind(english, tmp_path / "fonts")
    finally:
        pdf._presses.release(pdf.AT_ONCE)
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(NotBound, match="It is kept"):
        pdf.bind(english, tmp_path / "fonts")
