"""How pages look to one reader, and in which language they speak: kept in a cookie that says nothing else."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from flask import request

from dream.wording import worded

COOKIE = "look"
THEMES = {"": worded("As my device has it"), "paper": worded("Paper"), "sepia": worded("Sepia"), "dark": worded("Dark")}
SIZES = {"small": worded("Small"), "": worded("Middling"), "large": worded("Large"), "larger": worded("Larger")}
LANGUAGES = {"": worded("As my browser asks"), "en": "English", "ko": "한국어"}


@dataclass(frozen=True, slots=True)
class Look:
    """ "" is what the device has, the middling size, and the language that the browser asks for."""

    theme: str = ""
    size: str = ""
    language: str = ""

    @classmethod
    def of(cls, theme: str = "", size: str = "", language: str = "") -> Look:
        """What is not known counts as not chosen."""
        return cls(
            theme if theme in THEMES else "", size if size in SIZES else "", language if language in LANGUAGES else ""
        )

    def kept(self) -> str:
        """What the cookie says."""
        return ".".join(astuple(self))


def look() -> Look:
    """The look that this reader chose."""
    return Look.of(*request.cookies.get(COOKIE, "").split(".", 2))
