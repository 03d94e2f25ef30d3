"""Prose: paragraphs and headings, in the order in which a loader meets them, gathered into sections."""

from __future__ import annotations

from dream.corpus.document import Section


class Prose:
    """`title` is the first heading of the first level, "" before there is one."""

    def __init__(self) -> None:
        self.title = ""
        self._headings = [""]
        self._paragraphs: list[list[str]] = [[]]

    def heading(self, text: str, level: int) -> None:
        """Begins a section."""
        text = " ".join(text.split())
        if text:
            self.title = self.title or (text if level == 1 else "")
            self._headings.append(text)
            self._paragraphs.append([])

    def paragraph(self, text: str) -> None:
        text = text.strip()
        if text:
            self._paragraphs[-1].append(text)

    def sections(self) -> list[Section]:
        """Those that hold a paragraph, with an empty line between any two paragraphs."""
        found = [
            Section(heading, "\n\n".join(paragraphs))
            for heading, paragraphs in zip(self._headings, self._paragraphs, strict=True)
            if paragraphs
        ]
        return [Section(heading, ("\n\n" if at else "") + text) for at, (heading, text) in enumerate(found)]
