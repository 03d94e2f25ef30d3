"""What the loom reads out of a prompt: the same blocks any model receives, and nothing beside them."""

from __future__ import annotations

from dataclasses import dataclass

from dream.storytelling.blocks import Block, read_blocks
from dream.storytelling.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Passage:
    """A fragment as the prompt shows it. `number` is its place in the prompt, from 1."""

    number: int
    text: str
    work: str
    author: str
    language: str
    quotable: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt, read. `told` is the story so far, "" for a first scene; `direction` what the reader wants next."""

    language: str
    length: str
    grounding: str
    premise: str
    hero: str
    place: str
    tone: str
    direction: str
    told: str
    passages: tuple[Passage, ...]
    seed: int


def read(prompt: Prompt) -> Request:
    """The request in a prompt; passages in another language than the story's are left out."""
    blocks = [block for message in prompt.messages if message.role == "user" for block in read_blocks(message.text)]
    brief = next((block.attributes for block in blocks if block.kind == "brief"), {})
    language = str(brief.get("language", "en"))

    def said(kind: str) -> str:
        return next((block.text for block in blocks if block.kind == kind), "")

    passages = tuple(
        _passage(block) for block in blocks if block.kind == "fragment" and block.attributes.get("language") == language
    )
    return Request(
        language,
        str(brief.get("length", "medium")),
        str(brief.get("grounding", "inspired")),
        said("premise"),
        said("hero"),
        said("place"),
        said("tone"),
        said("direction"),
        said("story"),
        passages,
        prompt.seed,
    )


def _passage(block: Block) -> Passage:
    at = block.attributes
    return Passage(
        int(at["number"]), block.text, str(at["work"]), str(at["author"]), str(at["language"]), bool(at["quote"])
    )
