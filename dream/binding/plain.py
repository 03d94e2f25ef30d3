"""Plain text: paragraphs between empty lines, notes in square brackets."""

from __future__ import annotations

from dream.binding.book import Book
from dream.binding.wording import wording
from dream.storytelling.prose import Run

MEDIA_TYPE = "text/plain; charset=utf-8"


def bind(book: Book) -> bytes:
    words = wording(book.language)
    blocks = [book.title, words.told_by(book)]
    for chapter in book.chapters:
        blocks.append("* * *")
        blocks += [chapter.heading] if chapter.heading else []
        blocks += ["".join(_run(run) for run in paragraph) for paragraph in chapter.paragraphs]
    if book.notes:
        notes = "\n".join(f"[{note.number}] {words.origin(note)}" for note in book.notes)
        blocks += [words.inspirations, words.about, notes]
    return ("\n\n".join(blocks) + "\n").encode()


def _run(run: Run) -> str:
    return " ".join(run.text.split("\n")) + "".join(f"[{number}]" for number in run.mark)
