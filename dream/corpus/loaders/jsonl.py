"""JSONL: many works in one file, a JSON object a line. `text`, or `sections` of texts with headings, and what there is
of `id`, `title` (or `name`), `author`, `language`, `licence` (or `license`), `summary`, `tags` and `quotable`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from dream.corpus.document import Document, Section, line
from dream.corpus.refusals import refused
from dream.wording import worded

SUFFIXES = (".jsonl", ".ndjson")
NEEDS = ("orjson",)

_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[^"\n]{1,100}"\s*:')
LONGEST_LINE = 24 * 2**20
_TOLD = 3  # faults that are told
_TOO_LONG = worded("Line %(line)s is longer than 24 MiB.")


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    return bool(_START.match(file.read(4096)))


def load(file: BinaryIO) -> Iterator[Document]:
    """All of the works or, where one line is at fault, none."""
    names: Counter[str] = Counter()
    faults: list[str] = []
    file.seek(0)
    for number, data in enumerate(file, 1):
        if not data.strip(b"\xef\xbb\xbf \t\r\n"):
            continue
        found = _work(data)
        if isinstance(found, str):
            faults.append(worded(found, line=number))
            if len(faults) == _TOLD:
                break
        elif not faults:
            found.name = found.name or f"line {number}"
            names[found.name] += 1
            if names[found.name] > 1:
                found.name += f" ({names[found.name]})"
            yield found
    if faults:
        raise refused("lines_refused", fault=" ".join(faults))


def _work(data: bytes) -> Document | str:
    """The work on a line, or what is wrong with it, with a slot for its number."""
    import orjson  # loads in the child alone

    if len(data) > LONGEST_LINE:
        return _TOO_LONG
    try:
        about = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return worded("Line %(line)s is not JSON.")
    if not isinstance(about, dict):
        return worded("Line %(line)s is not a JSON object.")
    sections = _sections(about)
    if not any(any(c.isalnum() for c in text) for _, text in sections):
        return worded("Line %(line)s has no `text`.")
    tags = about.get("tags")
    return Document(
        sections,
        title=line(about.get("title")) or line(about.get("name")),
        author=line(about.get("author")),
        language=line(about.get("language")),
        licence=line(about.get("licence")) or line(about.get("license")),
        summary=line(about.get("summary")),
        tags=[one for tag in tags if (one := line(tag))] if isinstance(tags, list) else [],
        quotable=about.get("quotable") is not False,
        name=line(about.get("id")) or line(about.get("name")) or line(about.get("title")),
    )


def _sections(about: dict[str, Any]) -> list[Section]:
    listed = about.get("sections")
    if not isinstance(listed, list):
        listed = [about]
    found = [
        (line(one.get("heading")), one["text"].strip())
        for one in listed
        if isinstance(one, dict) and isinstance(one.get("text"), str)
    ]
    return [Section(heading, ("\n\n" if at else "") + text) for at, (heading, text) in enumerate(found)]
