"""Taking apart: a file of many works, or of one in volumes, becomes a file for each, and each is read on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from dream.corpus.document import Document, Section
from dream.store.files import Files, Kept


def take_apart(documents: Iterable[Document], source: str, title: str, files: Files) -> Iterator[tuple[str, Kept]]:
    """The source and the kept file of each document: a line of JSON, as the loader of JSONL reads it.

    Read anew, it gives the same document but for white space between its sections. The same document gives the same
    bytes, so that what did not change is not read again.
    """
    for document in documents:
        incoming = files.incoming()
        try:
            incoming.write(orjson.dumps(_record(document, title)))
            yield f"{source}#{_name(document)}", incoming.keep()
        finally:
            incoming.close()


def _name(document: Document) -> str:
    return " ".join(filter(None, (document.name, f"volume {document.volume}" if document.volume else "")))


def _record(document: Document, title: str) -> dict[str, Any]:
    title = document.title or title
    return {
        "title": f"{title}, volume {document.volume}" if document.volume else title,
        **{name: getattr(document, name) for name in ("author", "language", "licence", "summary", "tags", "quotable")},
        "sections": [{"heading": heading, "text": "".join(texts)} for heading, texts in _whole(document.sections)],
    }


def _whole(sections: Iterable[Section]) -> list[tuple[str, list[str]]]:
    """Sections with their stretches together again: one that goes on begins without an empty line."""
    found: list[tuple[str, list[str]]] = []
    for heading, text in sections:
        if found and found[-1][0] == heading and not text.startswith("\n\n"):
            found[-1][1].append(text)
        else:
            found.append((heading, [text]))
    return found
