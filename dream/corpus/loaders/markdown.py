"""Markdown, with front matter in YAML where there is any. Headings become sections; the text keeps the prose without
its marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from dream.corpus.decoding import NEEDS as DECODING
from dream.corpus.decoding import decode
from dream.corpus.document import Document, line
from dream.corpus.prose import Prose
from dream.corpus.refusals import refused

if TYPE_CHECKING:
    from markdown_it.token import Token

SUFFIXES = (".md", ".markdown")
NEEDS = (*DECODING, "yaml", "markdown_it")

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def recognises(file: BinaryIO) -> bool:
    file.seek(0)
    return bool(re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n[\w-]+:", file.read(4096)))


def load(file: BinaryIO) -> Iterator[Document]:
    from markdown_it import MarkdownIt  # the service itself reads no Markdown

    notices: list[str] = []
    text = decode(file, notices)
    matter = _FRONT_MATTER.match(text)
    about = _metadata(matter.group(1)) if matter else {}
    prose = _prose(MarkdownIt("commonmark").parse(text[matter.end() :] if matter else text))
    tags = about.get("tags")
    yield Document(
        prose.sections(),
        title=line(about.get("title")) or prose.title,
        author=line(about.get("author")),
        language=line(about.get("language")),
        licence=line(about.get("licence")) or line(about.get("license")),
        summary=line(about.get("summary")),
        tags=[one for tag in tags if (one := line(tag))] if isinstance(tags, list) else [],
        quotable=about.get("quotable") is not False,
        notices=notices,
    )


def _metadata(source: str) -> dict[str, Any]:
    import yaml  # with the parser, above

    try:
        about = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):  # a date that does not exist; brackets without end
        raise refused("front_matter") from None
    if not isinstance(about, dict):
        raise refused("front_matter")
    return about


def _prose(tokens: list[Token]) -> Prose:
    prose = Prose()
    level = 0
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "inline" and level:
            prose.heading(_plain(token), level)
        else:
            prose.paragraph(_plain(token))
    return prose


def _plain(token: Token) -> str:
    if token.type in ("code_block", "fence"):
        return token.content
    if token.type != "inline":
        return ""
    shown = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(
        shown.get(child.type, child.content) for child in token.children or [] if child.type != "html_inline"
    )
