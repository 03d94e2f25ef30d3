"""The story as it is being woven: sentences in paragraphs, each passed by the gate, each with its passage."""

from __future__ import annotations

import re

from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.frames import Frames, slots
from dream.storytelling.storytellers.loom.korean.gate import Gate
from dream.storytelling.storytellers.loom.korean.nouns import Noun
from dream.storytelling.storytellers.loom.line import Line

Slot = str
_OF_A_HOUSE = re.compile("의 집|의 방|대문|방석|문턱|집을 나")
# Frames that only fit a hero who has set out.
_UNDER_WAY = re.compile("돌아오는|돌아와|돌아왔|왔던 길|떠날 때|그새|다녔|두고 온|길 저쪽|나선 것은|돌아섰다")

# What one says of oneself, and what several say of themselves.
_SELVES = {
    "자기가": "자기들이",
    "자기를": "자기들을",
    "자기 차례": "자기들 차례",
    "“제가": "“저희가",
    "“저는": "“저희는",
    "“저라도": "“저희라도",
}
_SELF = re.compile("|".join(_SELVES))


class Telling:
    """`own` are the slots that every frame may use: hero, full, place, wish and the like."""

    def __init__(self, frames: Frames, gate: Gate, own: dict[str, Slot]) -> None:
        self.frames = frames
        self._gate = gate
        self._own = own
        self.at_home = False
        self.houseless = False
        self.several = False
        self.with_somebody = False
        self.paragraphs: list[list[Line]] = [[]]

    @property
    def words(self) -> int:
        return sum(len(line.text.split()) for paragraph in self.paragraphs for line in paragraph)

    def paragraph(self) -> None:
        if self.paragraphs[-1]:
            self.paragraphs.append([])

    def say(self, name: str, passage: int | None = None, **filled: Slot) -> bool:
        """Adds a sentence from the list `name`, if one of its frames can be filled and passes; says whether it did."""
        for mentions in (0, 1) if passage is None else (0,):
            for frame in self.frames.deal(name):
                if self.add(frame, passage, mentions, **filled):
                    self.frames.spend(frame)
                    return True
        return False

    def add(self, frame: str, passage: int | None = None, mentions: int = 0, **filled: Slot) -> bool:
        """Adds one frame, filled, if all its slots are there and the sentence passes."""
        made = self.make(frame, passage, mentions, **filled)
        self.paragraphs[-1].extend(made)
        return bool(made)

    def make(self, frame: str, passage: int | None = None, mentions: int = 0, **filled: Slot) -> list[Line]:
        """The frame's sentence, not yet put anywhere; [] where it can't be filled or doesn't pass."""
        values = {**self._own, **filled}
        if not slots(frame) <= values.keys() or (self.at_home and _UNDER_WAY.search(frame)):
            return []
        if self.houseless and _OF_A_HOUSE.search(frame):
            return []
        if "그 사람" in frame and not self.with_somebody:
            return []
        if self.several and "{hero" in frame:
            frame = _SELF.sub(lambda match: _SELVES[match.group()], frame)
        text = frame.format(**values)
        if not self._gate.fits(text, passage, mentions):
            return []
        self._gate.keep(text)
        return [Line(text, passage)]

    def scene(self, frames: list[str]) -> list[Line]:
        """A small scene of its own, all of it or nothing; not yet put anywhere."""
        before, self.with_somebody = self.with_somebody, True
        made = [self.make(frame, None, 1) for frame in frames]
        self.with_somebody = before
        return [line for lines in made for line in lines] if all(made) else []

    def lines(self) -> list[Line]:
        """All sentences in order, the first of each paragraph marked."""
        kept = [paragraph for paragraph in self.paragraphs if paragraph]
        return [
            Line(line.text, line.passage, opens_paragraph=at == 0)
            for paragraph in kept
            for at, line in enumerate(paragraph)
        ]


def clause_slots(clause: Clause) -> dict[str, Slot]:
    """What a frame may use of a clause. Where the topic may be its object, it is never put inside another sentence."""
    filled: dict[str, Slot] = {"told": clause.told}
    if clause.human or clause.mark in ("이", "가"):
        filled["held"] = clause.held
    if clause.human and "," not in clause.deed:
        filled |= {"deed": clause.own, "doer": Noun(clause.subject)}
    return filled
