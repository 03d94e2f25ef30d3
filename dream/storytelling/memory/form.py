"""Asking a model to read a scene: the prompt, and what its answer has to be. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from dream.storytelling.blocks import Block, mark_for, write_blocks
from dream.storytelling.brief import Brief
from dream.storytelling.compose import LANGUAGE_NAMES, described, templates
from dream.storytelling.memory.record import Figure, Reading
from dream.storytelling.prompt import Form, Message, Prompt

_WORDS = 500
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
# Limits that servers do not enforce, and of which some will not hear.
_LIMITS = ("maxLength", "minLength", "maxItems", "minItems", "title", "description")


def ask(text: str, brief: Brief, cast: Sequence[Figure], summary: str, *, seed: int) -> Prompt:
    """The prompt in which a scene is read, after what was known before it. Each stands in a block of its own."""
    blocks = [Block("brief", "", {"language": brief.spoken_language})]
    if cast:
        blocks.append(Block("cast", "\n".join(map(described, cast))))
    if summary:
        blocks.append(Block("summary", summary))
    blocks.append(Block("scene", text))
    mark = mark_for(blocks)
    request = (
        templates()
        .get_template("reading.jinja")
        .render(mark=mark, blocks=write_blocks(blocks, mark), language=LANGUAGE_NAMES[brief.spoken_language])
    )
    rules = templates().get_template("reading_rules.jinja").render().strip()
    return Prompt((Message("system", rules), Message("user", request)), seed=seed, max_words=_WORDS, form=FORM)


def answered(text: str) -> Reading | None:
    """The answer as a reading; None where it is none or goes beyond its limits. A fence around the JSON is no fault."""
    found = _OBJECT.search(text)
    if found is None:
        return None
    try:
        return Reading.model_validate_json(found.group(), strict=True)
    except (ValidationError, RecursionError):
        return None


def _bare(schema: Any) -> Any:
    """A schema without the keywords that only we check."""
    if isinstance(schema, dict):
        kept = {name: value for name, value in schema.items() if name not in _LIMITS or isinstance(value, dict)}
        return {name: _bare(value) for name, value in kept.items()}
    return [_bare(value) for value in schema] if isinstance(schema, list) else schema


FORM = Form("reading", _bare(Reading.model_json_schema()))
