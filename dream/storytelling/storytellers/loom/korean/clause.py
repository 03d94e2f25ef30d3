"""A statement taken from a text so that it can be told again with another ending.

Only endings that are regular after a past stem (-았-, -었-, -했-) are ever put on it: no verb is guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass

from dream.language.hangul import with_particle


@dataclass(frozen=True, slots=True)
class Clause:
    """Who did what: "연이" with the mark "는", and the deed down to its past stem, "쪽배를 저어 돌종섬에 올랐".

    `lead` is a place before the subject, or "". `order` counts the statements of a passage.
    """

    lead: str
    subject: str
    mark: str
    deed: str
    human: bool = False
    order: int = 0

    @property
    def told(self) -> Stem:
        """As its own text has it: "연이는 ... 올랐"."""
        return self._whole(with_particle(self.subject, self.mark) if "/" in self.mark else self.subject + self.mark)

    @property
    def held(self) -> Stem:
        """For inside another sentence: "연이가 ... 올랐"."""
        return self._whole(with_particle(self.subject, "이/가"))

    @property
    def own(self) -> Stem:
        """What was done, without who did it: "쪽배를 저어 돌종섬에 올랐"."""
        return Stem(f"{self.lead} {self.deed}".strip())

    def _whole(self, subject: str) -> Stem:
        return Stem(" ".join(part for part in (self.lead, subject, self.deed) if part))


class Stem(str):
    """Words that end in a past stem; the format is the ending: f"{Stem('문을 열었'):다고}" is "문을 열었다고"."""

    __slots__ = ()

    def __format__(self, ending: str) -> str:
        return f"{self!s}{ending}"
