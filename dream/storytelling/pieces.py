"""Pieces: text from a provider, made fit to keep and to show."""

from __future__ import annotations

import re

# Control characters other than newline and tab, and halves of surrogate pairs.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Pieces:
    """Mends the pieces of one answer in their order: drops control characters, joins a surrogate pair that was split
    between two pieces, and puts U+FFFD for a half that stays alone.
    """

    def __init__(self) -> None:
        self._half = ""

    def mend(self, piece: str) -> str:
        """The text that is certain so far; "" when nothing is yet."""
        if not self._half and not _UNFIT.search(piece):
            return piece
        text = self._half + _CONTROL.sub("", piece)
        whole = text[:-1] if "\ud800" <= text[-1:] <= "\udbff" else text
        self._half = text[len(whole) :]
        return _join(whole)

    def rest(self) -> str:
        """What is left when the answer ends."""
        half, self._half = self._half, ""
        return _join(half)


def _join(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
