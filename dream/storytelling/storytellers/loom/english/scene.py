"""One scene being woven: the lines so far, and how frames and fragments become lines."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from dream.storytelling.storytellers.loom.english.clauses import Clause
from dream.storytelling.storytellers.loom.english.findings import Saying, Token
from dream.storytelling.storytellers.loom.english.frames import Chooser, Frame, fill, frames
from dream.storytelling.storytellers.loom.english.hero import Figure
from dream.storytelling.storytellers.loom.english.recast import RUN_LIMIT, wordings
from dream.storytelling.storytellers.loom.english.sources import Source
from dream.storytelling.storytellers.loom.english.words import content, longest_shared_run, word_count
from dream.storytelling.storytellers.loom.line import Line

_NAMED_AFTER = 7
# How many words that carry meaning a line must take from its fragment for its origin to be plain.
_LEAST_SAID = 3
_ASIDES = {
    "seen": [
        "as {hero} looked on",
        "in front of everyone",
        "without any haste",
        "with half the place watching",
        "for anyone to see",
    ],
    "": [
        "it was said",
        "by all accounts",
        "so people said",
        "as it was told",
        "so the story went",
        "it seemed",
        "as far as anyone knew",
        "people said",
    ],
}
# Where a clause may stand that tells how things were rather than what happened.
_STATING = re.compile(r"(?:\bthat|:|told it,|had it,|That same year|What is more,|For all that,|version) \{clause\}")
# Where a frame interrupts its clause, or says who says it: one aside is enough, and nobody says that somebody said.
_HEDGED = re.compile(r"\{subject\},|said|told|(?:so|as) (?:the|people|it)|accounts?", re.IGNORECASE)
_SAID = re.compile(r"(?:said|told (?:it|\{him\})|asked \w+|had it|believed)[^.\"]*\{clause\}")
_SAYING = re.compile(r"(?:said|told|asked|answered|explained|replied)\b")
_PRESENT = re.compile(r"\{he\} (?:still )?(?:has|knows|casts|does)\b", re.IGNORECASE)


@dataclass(slots=True)
class Scene:
    rng: random.Random
    chooser: Chooser
    hero: Figure
    slots: dict[str, str]
    told: str
    said: set[str] = field(default_factory=set)
    asides: list[str] = field(default_factory=list)
    since: int = 0

    def tell(self, file: str, section: str, **more: str) -> list[Line]:
        """A frame that leans on no fragment, as lines; [] where none is left."""
        for frame in self._fitting(file, section):
            lines = self._lines(frame, {**self.slots, **more}, None)
            if lines:
                return lines
        return []

    def lean(self, file: str, section: str, source: Source, clause: Clause) -> list[Line]:
        """A clause of a fragment within a frame, as lines; [] where it cannot be told without copying."""
        asides = [aside.replace("{hero}", self.slots["hero"]) for aside in _ASIDES.get(file, _ASIDES[""])]
        self.rng.shuffle(asides)
        asides.sort(key=self.asides.count)
        sections = [section, f"{section}.apposed"] if self._has(file, f"{section}.apposed") else [section]
        if len(sections) > 1 and (self.rng.random() < 0.35 or not clause.lowered):
            sections.reverse()
        for wording in wordings(clause, source.passage.text, asides):
            if len(content(wording.text)) < _LEAST_SAID or (
                wording.subject and len(wording.predicate.split()) < _LEAST_SAID
            ):
                continue
            hedged = any(f", {aside}" in wording.text for aside in asides)
            for frame in (frame for name in sections for frame in self._fitting(file, name)):
                if self._carries(frame, wording) and not (hedged and _HEDGED.search(frame.text)):
                    filled = {**self.slots, **_worded(wording)}
                    lines = self._lines(frame, filled, source)
                    if lines:
                        self.asides += [aside for aside in asides if f", {aside}," in lines[0].text]
                        return lines
        return []

    def quote(self, saying: Saying, source: Source) -> list[Line]:
        for frame in self._fitting("quoted", "said"):
            lines = self._lines(frame, {**self.slots, **saying.slots()}, source)
            if lines:
                return lines
        return []

    def exchange(self, first: Saying, second: Saying, source: Source) -> list[Line]:
        for frame in self._fitting("quoted", "exchange"):
            slots = {
                **self.slots,
                **first.slots(),
                "reply_end": second.slots()["quote_end"],
                "reply_mid": second.slots()["quote_mid"],
            }
            lines = self._lines(frame, slots, source)
            if lines:
                return lines
        return []

    def recall(self, source: Source) -> list[Line]:
        """A link to someone whom this fragment alone names; a single name in passing is no more than a mention."""
        named = source if " " in self.slots["known"] else None
        for frame in self._fitting("links", "links"):
            lines = self._lines(frame, self.slots, named)
            if lines:
                return lines
        return []

    def give(self, token: Token, source: Source) -> list[Line]:
        for frame in self._fitting("token", "given"):
            lines = self._lines(frame, {**self.slots, "token": token.first}, source)
            if lines:
                self.slots["the_token"] = token.later
                return lines
        return []

    def _has(self, file: str, section: str) -> bool:
        try:
            return bool(frames(file, section))
        except KeyError:
            return False

    def _fitting(self, file: str, section: str) -> list[Frame]:
        found = self.chooser.order(file, section)
        own = self.hero.name.split()[-1].lower()
        found = [frame for frame in found if own not in frame.words and self._filled(frame)]
        return [frame for frame in found if not _PRESENT.search(frame.text)] if self.hero.pronoun == "they" else found

    def _filled(self, frame: Frame) -> bool:
        """Whether the scene has what the frame speaks of, such as a guide or a token."""
        return all(self.slots.get(name, " ") for name in frame.slots)

    def _carries(self, frame: Frame, clause: Clause) -> bool:
        if not clause.event and "{clause}" in frame.text and not _STATING.search(frame.text):
            return False
        if _SAID.search(frame.text) and _SAYING.match(clause.predicate):
            return False
        if "subject" in frame.slots:
            who = "who {predicate}" in frame.text or "{subject}, who" in frame.text.lower()
            return bool(clause.subject) and (clause.person or not who)
        return bool(clause.lowered) or "{clause}" not in frame.text

    def _lines(self, frame: Frame, slots: dict[str, str], source: Source | None) -> list[Line]:
        lines = []
        since, last = self.since, source.last if source else ""
        for sentence, leans in zip(frame.sentences, frame.leans, strict=True):
            named, since = self._naming(sentence, since)
            text = fill(named, slots)
            leaning = source if leans else None
            # The line before counts too: two stretches of a fragment that follow on each other are one copied run.
            if (
                text in self.said
                or text in self.told
                or (leaning and longest_shared_run(f"{last} {text}", leaning.passage.text) > RUN_LIMIT)
            ):
                return []
            last = text if leaning else last
            lines.append(Line(text, leaning.number if leaning else None))
        self.chooser.use(frame)
        self.said.update(line.text for line in lines)
        self.since = since
        if source:
            source.last = last
        return lines

    def _naming(self, sentence: str, since: int) -> tuple[str, int]:
        """The sentence, with the hero called by name again after a while."""
        if since >= _NAMED_AFTER and sentence.startswith("{He} "):
            sentence = sentence.replace("{He}", "{Hero}", 1)
        return sentence, 0 if "{hero}" in sentence.lower() else since + 1


def _worded(clause: Clause) -> dict[str, str]:
    told = clause.lowered or clause.text
    return {"clause": told, "subject": told[: len(clause.subject)], "predicate": clause.predicate}


def paragraph(*groups: list[Line]) -> list[Line]:
    """The lines as one paragraph."""
    lines = [line for group in groups for line in group]
    return [Line(line.text, line.passage, index == 0) for index, line in enumerate(lines)]


def words_in(lines: list[Line]) -> int:
    return sum(word_count(line.text) for line in lines)
