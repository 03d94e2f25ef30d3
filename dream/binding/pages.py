"""The templates that books are made of. Every text is escaped, and what XML cannot hold is left out of it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dream.binding.book import Book
from dream.binding.wording import wording

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def page(name: str, book: Book, **more: Any) -> str:
    """The template of that name, filled with the book."""
    filled = _templates().get_template(name).render(book=book, words=wording(book.language), **more)
    return _NOT_XML.sub("", filled)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("dream.binding"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
