"""The few words that a book needs besides its story, in the story's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dream.binding.book import Book, Note


@dataclass(frozen=True, slots=True)
class Wording:
    inspirations: str
    contents: str
    loom: str
    reader: str
    teller: str
    withdrawn: str
    about: str
    accessible: str
    part: str
    day: str

    def told_by(self, book: Book) -> str:
        """Who told the book, and when."""
        return " · ".join(filter(None, (self.tellers(book), self.date(book.told_on))))

    def tellers(self, book: Book) -> str:
        """One sentence, in which the reader's own hand comes last."""
        said = ", ".join(self._teller(name) for name in sorted(book.tellers, key="reader".__eq__))
        return said[:1].upper() + said[1:] if book.tellers == ("reader",) else said

    def _teller(self, name: str) -> str:
        return {"loom": self.loom, "reader": self.reader}.get(name) or self.teller.format(name)

    def date(self, told_on: date) -> str:
        return self.day.format(year=told_on.year, month=told_on.month, day=told_on.day, name=_MONTHS[told_on.month - 1])

    def origin(self, note: Note) -> str:
        """One endnote: the work, its author and its licence."""
        return self.withdrawn if note.withdrawn else " · ".join(filter(None, (note.title, note.author, note.licence)))


_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip

_ENGLISH = Wording(
    inspirations="Inspirations",
    contents="Contents",
    loom="Told by dream’s loom",
    reader="in part in the reader’s own words",
    teller="Told by {}",
    withdrawn="An inspiration that its author has taken back.",
    about="The numbers in the text stand after the sentences that lean on these works.",
    accessible="Text alone, with headings, a table of contents and linked notes.",
    part="Part {}",
    day="{day} {name} {year}",
)
_KOREAN = Wording(
    inspirations="영감을 준 글",
    contents="차례",
    loom="dream의 베틀이 들려준 이야기",
    reader="일부는 독자가 직접 고쳐 씀",
    teller="{}의 이야기",
    withdrawn="글쓴이가 거두어 간 글입니다.",
    about="본문의 번호는 이 글들에 기댄 문장 뒤에 붙어 있습니다.",
    accessible="글로만 되어 있고, 제목과 차례, 연결된 주석이 있습니다.",
    part="대목 {}",
    day="{year}년 {month}월 {day}일",
)


def wording(language: str) -> Wording:
    return _KOREAN if language == "ko" else _ENGLISH
