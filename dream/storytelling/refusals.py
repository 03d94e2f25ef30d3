"""What to change about a request that does not fit, in words for a person."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

_SENTENCES = {
    "missing": "Please give this; it is needed.",
    "string_too_short": "Please write a few words about the story you would like.",
    "string_too_long": "Please keep this to {max_length:,} characters; it has {length:,}.",
    "string_pattern_mismatch": "Please use small letters, digits and hyphens here.",
    "literal_error": "Please choose one of {expected}.",
    "extra_forbidden": "There is no such field; please leave it out.",
    "value_error": "{error}",
    "model_type": 'Please send a JSON object, such as {{"premise": "..."}}.',
    "model_attributes_type": 'Please send a JSON object, such as {{"premise": "..."}}.',
}


def refusals(error: ValidationError) -> dict[str, str]:
    """What to change about each field at fault, in words for a person."""
    return {".".join(map(str, found["loc"])) or "body": _sentence(found) for found in error.errors()}


def _sentence(found: Any) -> str:
    """pydantic's finding in words for a person who may not know what a type is."""
    context = {"length": len(found["input"]) if isinstance(found["input"], str) else 0, **found.get("ctx", {})}
    return _SENTENCES[found["type"]].format(**context) if found["type"] in _SENTENCES else f"{found['msg']}."
