"""Loaders: what they read out of a file, and what they refuse. One contract for every loader there is."""

from __future__ import annotations

import pytest

from dream.corpus.document import clean
from dream.corpus.loaders import load, loaders
from dream.errors import TextRefused

TALE = "The bell rang twice.\n\nMaren Oke counted the sheep."


@pytest.mark.parametrize("loader", loaders(), ids=lambda loader: loader.__name__.rsplit(".", 1)[-1])
def test_every_loader_keeps_the_contract(loader: object) -> None:
    suffix = loader.SUFFIXES[0]  # type: ignore[attr-defined]  # the protocol is of modules
    document = load(f"tale{suffix}", TALE.encode())
    assert document.text == TALE
    assert "".join(document.text[part.start : part.end] for part in document.parts).split() == TALE.split()


def test_markdown_keeps_front_matter_and_headings() -> None:
    source = (
        "---\ntitle: The Bell\nauthor: A. Teller\nlanguage: en\nlicence: CC0-1.0\ntags: [bells, sea]\n"
        "summary: It rings.\n---\n"
        "# The Bell\n\nIt *rang*.\n\n## Later\n\nIt [rang](http://example.com) again.\n"
    )
    document = load("bell.md", source.encode())
    assert document.text == "It rang.\n\nIt rang again."
    assert [(part.heading, document.text[part.start : part.end].strip()) for part in document.parts] == [
        ("The Bell", "It rang."),
        ("Later", "It rang again."),
    ]
    assert (document.title, document.author, document.licence, document.tags) == (
        "The Bell",
        "A. Teller",
        "CC0-1.0",
        ["bells", "sea"],
    )


def test_markup_in_markdown_does_not_reach_the_text() -> None:
    document = load("bell.md", b"It <script>alert(1)</script> rang.\n\n<div onclick='x'>\nhidden\n</div>\n")
    assert "<" not in document.text


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("bell.xyz", b"It rang.", "does not read"),
        ("bell.txt", b"", "holds no text"),
        ("bell.txt", b" \n\n--- ", "holds no text"),
        ("bell.txt", b"\xff\xfe\x00", "UTF-8 or UTF-16"),
        ("bell.txt", "für".encode("latin-1"), "UTF-8 or UTF-16"),
        ("bell.txt", b"a\x00b\x00c\x00" * 100, "binary"),
        ("bell.md", b"---\ntitle: [unclosed\n---\nIt rang.", "not valid YAML"),
        ("bell.md", b"---\ndate: 2024-13-45\n---\nIt rang.", "not valid YAML"),
        ("bell.md", b"---\ntags: " + b"[" * 3000 + b"\n---\nIt rang.", "not valid YAML"),
        ("bell.md", b"---\njust words\n---\nIt rang.", "no `name: value` lines"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(TextRefused, match=sentence):
        load(name, data)


def test_front_matter_that_multiplies_is_not_written_out() -> None:
    doubled = "\n".join(f"n{n}: &n{n} [*n{n - 1}, *n{n - 1}]" for n in range(1, 16))
    source = f"---\nn0: &n0 [bell]\n{doubled}\ntitle: *n15\ntags: [*n15, sea]\n---\n# The Bell\n\nIt rang."
    document = load("bell.md", source.encode())
    assert (document.title, document.tags) == ("The Bell", ["sea"])


def test_utf16_with_a_mark_is_read() -> None:
    assert load("bell.txt", "It rang. 종이 울렸다.".encode("utf-16")).text == "It rang. 종이 울렸다."


def test_cleaning_composes_and_drops_what_cannot_be_seen() -> None:
    assert clean("e\u0301\r\nb\u202ea\u200bd\x07") == "é\nbad"
