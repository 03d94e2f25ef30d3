"""The loom's Korean word lists and frames, read once from the files beside this one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
# The C loader reads all frames in a few milliseconds; the Python one takes the better part of a second.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load(name: str) -> dict[str, Any]:
    """The mapping in `<name>.yaml`."""
    text = (_HERE / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506
    return loaded


@cache
def words(name: str) -> frozenset[str]:
    """A list of grammar.yaml as a set."""
    return frozenset(load("grammar")[name].split())


def either(name: str) -> str:
    """A list of grammar.yaml as a pattern that matches any of it, longest first."""
    return "|".join(sorted(load("grammar")[name].split(), key=len, reverse=True))
