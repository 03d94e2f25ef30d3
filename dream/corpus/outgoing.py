"""Outgoing: a corpus written out as `dream ingest` reads it, a line of JSON for each work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dream.store.library import Library


def written_out(library: Library, corpus_id: str) -> Iterator[dict[str, Any]]:
    """Each live work of a corpus with what is known of it; `id` is the source that it is known by."""
    for work in library.works.works(corpus_id):
        version_id = str(work.live_version_id)
        text = library.works.text(version_id)
        yield {
            "id": work.source,
            **{name: getattr(work, name) for name in ("title", "author", "language", "licence", "summary", "tags")},
            "quotable": work.quotable,
            "sections": [
                {"heading": heading, "text": text[start:end]}
                for heading, start, end in library.works.sections(version_id)
            ],
        }
