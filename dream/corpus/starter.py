"""The starter corpus: the tales that ship with dream."""

from __future__ import annotations

from pathlib import Path


def starter_folder() -> Path:
    """The folder of the starter corpus, in a checkout and in an installed package alike.

    In a checkout `tales` is a link to `corpus/` at the top, where authors look for it; the wheel holds the files.
    """
    return Path(__file__).with_name("tales")
