"""One sentence of the loom's, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`passage` is the number of the fragment that the sentence leans on, None where it leans on none."""

    text: str
    passage: int | None = None
    opens_paragraph: bool = False
