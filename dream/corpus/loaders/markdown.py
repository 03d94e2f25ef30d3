"""Markdown, with front matter in YAML where there is any. Headings become parts; the text keeps the prose without
its marks.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dream.corpus.document import Document, Part, clean
from dream.corpus.loaders import decode
from dream.errors import TextRefused

SUFFIXES = (".md", ".markdown")

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


def recognises(head: bytes) -> bool:
    return False  # most plain text is Markdown too: only the ending tells


def load(data: bytes) -> Document:
    text = clean(decode(data))
    matter = _FRONT_MATTER.match(text)
    about = _metadata(matter.group(1)) if matter else {}
    body, parts, title = _prose(MarkdownIt("commonmark").parse(text[matter.end() :] if matter else text))

    def said(name: str) -> str:
        return _line(about.get(name))

    tags = about.get("tags")
    return Document(
        body, parts, title=said("title") or title, author=said("author"), language=said("language"),
        licence=said("licence") or said("license"), summary=said("summary"),
        tags=[line for tag in tags if (line := _line(tag))] if isinstance(tags, list) else [],
    )  # fmt: skip


def _line(value: Any) -> str:
    """A value on one line, "" for none. A list could name itself over and over, and is not written out."""
    return "" if value is None or isinstance(value, list | dict) else " ".join(str(value).split())[:500]


def _metadata(source: str) -> dict[str, Any]:
    try:
        about = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):  # a date that does not exist; brackets without end
        raise TextRefused("The front matter between the --- lines is not valid YAML. Mend it, or remove it.") from None
    if not isinstance(about, dict):
        raise TextRefused("The front matter between the --- lines has no `name: value` lines. Mend it, or remove it.")
    return about


def _prose(tokens: list[Token]) -> tuple[str, tuple[Part, ...], str]:
    """The text in paragraphs, its parts by heading, and the first heading of the first level ("" for none)."""
    paragraphs: list[str] = []
    parts: list[Part] = []
    heading, title, start, length = "", "", 0, 0
    in_heading = 0
    for token in tokens:
        if token.type == "heading_open":
            in_heading = int(token.tag[1])
        elif token.type == "heading_close":
            in_heading = 0
        elif token.type == "inline" and in_heading:
            if length > start:
                parts.append(Part(heading, start, length))
            start, heading = length, _plain(token)
            title = title or (heading if in_heading == 1 else "")
        elif (prose := _plain(token)).strip():
            gap = "\n\n" if paragraphs else ""
            start += len(gap) if start == length else 0
            paragraphs.append(gap + prose.strip())
            length += len(paragraphs[-1])
    if length > start:
        parts.append(Part(heading, start, length))
    return "".join(paragraphs), tuple(parts), title


def _plain(token: Token) -> str:
    if token.type in ("code_block", "fence"):
        return token.content
    if token.type != "inline":
        return ""
    shown = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(
        shown.get(child.type, child.content) for child in token.children or [] if child.type != "html_inline"
    )
