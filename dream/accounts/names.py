"""The names that accounts are known by: an e-mail address, or any word a person likes."""

from __future__ import annotations

import re
import unicodedata

from dream.errors import FormRefused

_NAME = re.compile(r"[\w.@+-]{2,80}")


def folded(name: str) -> str:
    """One spelling for all that a person would take for the same name."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check(name: str) -> str:
    """A new account's name, folded. Raises FormRefused."""
    name = folded(name)
    if not _NAME.fullmatch(name):
        raise FormRefused.of(
            "name",
            "Please choose a name of 2 to 80 letters and digits without spaces, or use your e-mail address. "
            "Dots, dashes, underlines, + and @ may stand in it.",
        )
    return name
