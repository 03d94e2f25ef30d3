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
    loaded: dict[str, Any] = yaml.load((_HERE / f"{name}.yaml").read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    return loaded
