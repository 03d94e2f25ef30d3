"""A fragment with what its work says of it: what every room above the store passes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fragment:
    """A retrievable piece of a work: `text == version.text[start:end]`, offsets in code points."""

    id: str
    work_id: str
    version_id: str
    position: int
    start: int
    end: int
    text: str
    heading: str
    title: str
    author: str
    language: str
    licence: str
    source: str
    quotable: bool
