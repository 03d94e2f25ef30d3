"""What a loader makes of a file: the sections of its text, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Section(NamedTuple):
    """A stretch of a document's text under one heading ("" for none)."""

    heading: str
    text: str


class Document:
    """The texts of its sections, put together, are the document's text. Unknown metadata is "".

    `quotable` says whether stories may quote it word for word. `name` tells the works of one file from each other, ""
    where the file is one work. `volume` counts from 1 where a long text comes in several documents. `notices` are
    sentences for the author: what was left out, what was guessed; they are complete once the sections have been read.

    Written out, since the module `dataclasses` takes longer to import than most files take to read.
    """

    __slots__ = (
        "author", "language", "licence", "name", "notices", "quotable", "sections", "summary", "tags", "title",
        "volume",
    )  # fmt: skip

    def __init__(
        self,
        sections: Iterable[Section],
        *,
        title: str = "",
        author: str = "",
        language: str = "",
        licence: str = "",
        summary: str = "",
        tags: Sequence[str] = (),
        quotable: bool = True,
        name: str = "",
        volume: int = 0,
        notices: list[str] | None = None,
    ) -> None:
        self.sections = sections
        self.title = title
        self.author = author
        self.language = language
        self.licence = licence
        self.summary = summary
        self.tags = list(tags)
        self.quotable = quotable
        self.name = name
        self.volume = volume
        self.notices = [] if notices is None else notices  # a loader goes on adding to its own list

    @property
    def text(self) -> str:
        """All of it in memory at once."""
        return "".join(section.text for section in self.sections)


def line(value: object) -> str:
    """A value of metadata on one line, "" for none. A list could name itself over and over, and is not written out."""
    return "" if value is None or isinstance(value, list | dict) else " ".join(str(value).split())[:500]
