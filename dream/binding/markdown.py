"""Markdown, with the notes as footnotes (CommonMark with the footnotes that most readers of it know)."""

from __future__ import annotations

import re

from dream.binding.book import Book
from dream.binding.wording import wording
from dream.storytelling.prose import Run

MEDIA_TYPE = "text/markdown; charset=utf-8"

_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|])")
# What would begin a heading, a list, a quotation or a rule where it stands first in a line.
_LINE = re.compile(r"^(\s*)([#+\-=]|\d+(?=[.)]))", re.MULTILINE)


def bind(book: Book) -> bytes:
    words = wording(book.language)
    blocks = [f"# {_text(book.title)}", f"*{_text(words.told_by(book))}*"]
    for number, chapter in enumerate(book.chapters):
        if chapter.heading:
            blocks.append(f"## {_text(chapter.heading)}")
        elif number:
            blocks.append("***")
        blocks += [_LINE.sub(_kept, "".join(_run(run) for run in paragraph)) for paragraph in chapter.paragraphs]
    if book.notes:
        blocks += [f"## {words.inspirations}", words.about]
        blocks += [f"[^{note.number}]: {_text(words.origin(note))}" for note in book.notes]
    return ("\n\n".join(blocks) + "\n").encode()


def _run(run: Run) -> str:
    text = _SPECIAL.sub(r"\\\1", run.text)
    return text + "".join(f"[^{number}]" for number in run.mark)


def _text(text: str) -> str:
    return _LINE.sub(_kept, _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _kept(match: re.Match[str]) -> str:
    sign = match[2]
    return f"{match[1]}{sign}\\" if sign.isdigit() else f"{match[1]}\\{sign}"
