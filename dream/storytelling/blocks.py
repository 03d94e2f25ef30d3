"""Data blocks: how fragments and a reader's words stand in a prompt without being able to pass for anything else.

A block is one opening line (the mark, its kind, its attributes as JSON), its text, and one closing line with the
same mark. The mark is
derived from everything the blocks hold and occurs in none of it, so no text can close its own block or open another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Attribute = str | int | bool
_MARK = re.compile(r"@@[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    text: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)


def mark_for(blocks: Iterable[Block]) -> str:
    """A mark, the same for the same blocks, that occurs in none of their texts and attributes."""
    held = "\n".join(f"{block.kind}\n{_attributes(block)}\n{block.text}" for block in blocks)
    digest = hashlib.sha256(held.encode("utf-8", "surrogatepass")).digest()
    while (mark := f"@@{digest.hex()[:8]}") in held:
        digest = hashlib.sha256(digest).digest()
    return mark


def write_blocks(blocks: Sequence[Block], mark: str) -> str:
    """The blocks one after the other, each between lines that begin with `mark`."""
    return "\n\n".join(f"{mark} {block.kind} {_attributes(block)}\n{block.text}\n{mark} end" for block in blocks)


def read_blocks(message: str) -> list[Block]:
    """The blocks of a message that `write_blocks` made; the first mark in it is the message's own. [] where there is
    none.
    """
    found = _MARK.search(message)
    if not found:
        return []
    mark = re.escape(found.group())
    pattern = re.compile(rf"^{mark} (\w+) (\{{[^\n]*\}})\n(.*?)\n{mark} end$", re.MULTILINE | re.DOTALL)
    return [Block(kind, text, json.loads(attributes)) for kind, attributes, text in pattern.findall(message)]


def _attributes(block: Block) -> str:
    return json.dumps(block.attributes, ensure_ascii=False)
