"""The shelf, and each work on it with its passages in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from dream.language.sentences import Span, paragraphs
from dream.store.fragment import Fragment
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a paragraph: of the fragment at `position`, None between two. `opens` where the fragment begins."""

    text: str
    position: int | None = None
    opens: bool = False


@pages.get("/works")
@needs("read")
def works() -> ResponseReturnValue:
    library = service().library.works
    shelves = [(shelf, library.works(shelf.id)) for shelf in service().library.corpora.shelves(actor()) if shelf.works]
    return render_template("works.html", shelves=shelves)


@pages.get("/works/<work_id>")
@needs("read")
def work(work_id: str) -> ResponseReturnValue:
    found, _ = service().work(work_id, actor())
    library, version = service().library, str(found.live_version_id)
    shown = passages(library.works.text(version), library.fragments.of(version))
    return render_template("work.html", work=found, paragraphs=shown)


def passages(text: str, fragments: list[Fragment]) -> list[list[Passage]]:
    """The paragraphs of a work, each as its passages in order; joined, they are the paragraph."""
    return [list(_cut(text, paragraph, fragments)) for paragraph in paragraphs(text)]


def _cut(text: str, paragraph: Span, fragments: list[Fragment]) -> Iterator[Passage]:
    at = paragraph.start
    for fragment in fragments:
        start, end = max(fragment.start, paragraph.start), min(fragment.end, paragraph.end)
        if start >= end:
            continue
        if at < start:
            yield Passage(text[at:start])
        yield Passage(text[start:end], fragment.position, opens=start == fragment.start)
        at = end
    if at < paragraph.end:
        yield Passage(text[at : paragraph.end])
