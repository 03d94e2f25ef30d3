"""What to change about a request that does not fit, in words for a person."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from dream.wording import worded

_SENTENCES = {
    "missing": worded("Please give this; it is needed."),
    "string_too_short": worded("Please write a few words about the story you would like."),
    "string_too_long": worded("Please keep this to %(max_length)s characters; it has %(length)s."),
    "string_pattern_mismatch": worded("Please use small letters, digits and hyphens here."),
    "literal_error": worded("Please choose one of %(expected)s."),
    "extra_forbidden": worded("There is no such field; please leave it out."),
    "value_error": "%(error)s",
    "model_type": worded('Please send a JSON object, such as {"premise": "..."}.'),
    "model_attributes_type": worded('Please send a JSON object, such as {"premise": "..."}.'),
}


def refusals(error: ValidationError) -> dict[str, str]:
    """What to change about each field at fault, in words for a person."""
    return {".".join(map(str, found["loc"])) or "body": _sentence(found) for found in error.errors()}


def _sentence(found: Any) -> str:
    """pydantic's finding in words for a person who may not know what a type is."""
    context = {"length": len(found["input"]) if isinstance(found["input"], str) else 0, **found.get("ctx", {})}
    template = _SENTENCES.get(found["type"])
    return worded(template, **context) if template else f"{found['msg']}."
