"""The plan of a scene: opening, want, meeting, what is met on the way, turn, price, ending."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dream.storytelling.storytellers.loom.english.clauses import Clause
from dream.storytelling.storytellers.loom.english.findings import Token
from dream.storytelling.storytellers.loom.english.frames import pairs
from dream.storytelling.storytellers.loom.english.premise import Premise, wished_deed
from dream.storytelling.storytellers.loom.english.scene import Scene, paragraph, words_in
from dream.storytelling.storytellers.loom.english.sources import Source
from dream.storytelling.storytellers.loom.english.words import capitalised, content
from dream.storytelling.storytellers.loom.line import Line
from dream.storytelling.storytellers.loom.reading import Request

_WANTS = {
    "loss": "forget forgotten lose lost missing stolen without cannot never gone vanish dead died mourn grief",
    "seek": "follow seek look search find hunt chase journey travel cross climb sail reach question ask",
    "keep": "keep guard tend watch raise protect mind care keeper lighthouse warden nurse",
    "lie": "lie liar secret pretend disguise deceive trick betray false hide hidden",
    "debt": "owe debt sell sold buy trade bargain deal pay price borrow lend tax wager promise",
}
_MODES = ("seen", "overheard", "remembered", "written")
_PER_LEG = {"short": 1, "medium": 2, "long": 3}
_ENDING_SHARE = 110


@dataclass(slots=True)
class Plan:
    request: Request
    premise: Premise
    scene: Scene
    sources: list[Source]
    target: int
    most: int

    def first_scene(self) -> list[Line]:
        image = self._image()
        lines = self._opening(image)
        lines += self._want()
        lines += self._meeting()
        legs = self._legs(self.target - words_in(lines) - _ENDING_SHARE)
        return self._sized([lines, *legs, self._turn(), self._price(), self._ending(image)])

    def next_scene(self) -> list[Line]:
        tell = self.scene.tell
        lines = paragraph(tell("continued", "resume"), self._direction(), tell("continued", "want"))
        lines += paragraph(tell("continued", "again") if self.scene.slots["guide"] in self.request.told else tell("meeting", "meet"))
        lines += self._first_leg()
        legs = self._legs(self.target - words_in(lines) - _ENDING_SHARE)
        closing = paragraph(tell("ending", "home") if self.scene.rng.random() < 0.4 else [], self._echo(), tell("continued", "open"))
        return self._sized([lines, *legs, self._turn(), self._price(), closing])

    # Opening

    def _image(self) -> tuple[str, str]:
        found = [(pair[0], pair[1]) for pair in pairs("images", "pairs")]
        self.scene.rng.shuffle(found)
        return min(found, key=lambda pair: self.scene.chooser.clash(f"{pair[0]} {pair[1]}"))

    def _opening(self, image: tuple[str, str]) -> list[Line]:
        premise, tell = self.premise, self.scene.tell
        if premise.asked:
            begun = tell("opening", "question", asked=premise.asked)
        elif premise.role and (not premise.deeds or premise.role != self.scene.slots["a_hero"]):
            section = "who.definite" if premise.role == premise.hero.name or premise.role.startswith(("the ", premise.hero.name)) else "who"
            placed = section == "who" and premise.place is not None and premise.place.name.split()[-1] not in premise.role
            begun = tell("opening", section if section != "who" or placed else "who.unplaced", role=premise.role)
            begun += tell("opening", "deed.afterwards", deed=premise.deeds[0]) if premise.deeds else []
        elif premise.deeds:
            begun = tell("opening", "deed", deed=premise.deeds[0])
        else:
            begun = tell("opening", "saying", saying=premise.sayings[0])
        text = " ".join(line.text for line in begun)
        self._settle()
        if premise.place and premise.place.name not in text:
            begun += tell("opening", "place")
        return paragraph(begun, self._written(image[0]))

    def _settle(self) -> None:
        """From the second mention on, a place is a known one."""
        at, name = self.scene.slots["at_place"], self.scene.slots["place"]
        if name.startswith("the ") and at.split()[1:2] in (["a"], ["an"], ["some"], ["one"]):
            self.scene.slots["at_place"] = f"{at.split()[0]} {name}"

    def _written(self, text: str) -> list[Line]:
        from dream.language.sentences import sentences
        from dream.storytelling.storytellers.loom.english.frames import fill

        return [Line(fill(text[span.start : span.end], self.scene.slots)) for span in sentences(text)]

    def _want(self) -> list[Line]:
        kind = content(self.request.premise)
        found = [name for name, words in _WANTS.items() if kind & content(words)]
        told = self.scene.tell("want", found[0] if found else "any")
        rest = self.premise.sayings if self.premise.role else self.premise.sayings[1:]
        more = self.scene.tell("opening", "afterwards.saying", saying=rest[0]) if rest else []
        return paragraph(told, more, self.scene.tell("setting_out", "leave"))

    # Meeting

    def _meeting(self) -> list[Line]:
        tell = self.scene.tell
        short = self.request.length == "short"
        lines = paragraph(tell("meeting", "meet"), [] if short else tell("meeting", "ask"))
        return lines + self._first_leg()

    def _first_leg(self) -> list[Line]:
        """What the guide tells, what the guide gives, and on what terms."""
        lines: list[Line] = []
        source = next((source for source in self.sources if len(source.clauses) > 1), None)
        if source and self.request.grounding != "free":
            lines += self._told("told", source, _PER_LEG[self.request.length] + 1)
        given = self._gift()
        bargain = self.scene.tell("meeting", "bargain") if self.request.length != "short" or not given else []
        return lines + paragraph(given, bargain)

    def _gift(self) -> list[Line]:
        found: list[tuple[Token, Source]] = [(token, source) for source in self.sources for token in source.tokens]
        self.scene.rng.shuffle(found)
        asked = content(self.request.premise)
        found.sort(key=lambda pair: -len(content(pair[0].first) & asked))
        for token, source in found:
            lines = self.scene.give(token, source)
            if lines:
                return lines
        return []

    # The way

    def _legs(self, room: int) -> list[list[Line]]:
        """One paragraph or two for each fragment, until the room is used up."""
        modes = list(_MODES)
        self.scene.rng.shuffle(modes)
        queue = [source for source in self.sources if not source.told] + [source for source in self.sources if source.told]
        legs: list[list[Line]] = []
        used = 0
        for turn in range(60):
            if used >= room:
                break
            source = queue.pop(0) if queue else None
            mode = modes[turn % len(modes)]
            leg = self._leg(mode, source) if source else paragraph(self.scene.tell("encounters", "encounters") or self.scene.tell("road", "interludes"))
            if source and leg and source.clauses and len(source.told) < 9:
                queue.append(source)
            if leg:
                legs.append(leg)
                used += words_in(leg)
        return legs

    def _leg(self, mode: str, source: Source) -> list[Line]:
        """The way there, and what is met there."""
        tell = self.scene.tell
        way = tell("road", "interludes") if self.request.length != "short" and self.scene.rng.random() < 0.6 else []
        carried = tell("token", "carried") if self.scene.slots["the_token"] and self.scene.rng.random() < 0.25 else []
        if self.request.grounding == "free" and self.scene.rng.random() < 0.5:
            way += tell("encounters", "encounters")
        met = self._told(mode, source, _PER_LEG[self.request.length])
        if not met and source.sayings:
            met = paragraph(self.scene.quote(source.sayings.pop(0), source))
        return paragraph(way, carried) + met if met else []

    def _told(self, mode: str, source: Source, count: int) -> list[Line]:
        """Up to `count` clauses of a fragment in the fragment's own order, and what the hero makes of them."""
        picked = sorted(source.clauses[:count], key=lambda clause: (clause.sentence, clause.part))
        lines: list[Line] = []
        for clause in picked:
            lines += self._lean(mode, "more" if lines else "first", source, clause)
        if not lines and source.clauses:
            return self._told(mode, source, count)
        if lines and source.sayings and self.request.length != "short" and self.scene.rng.random() < 0.45:
            lines += self.scene.quote(source.sayings.pop(0), source)
        return paragraph(lines, self.scene.tell(mode, "end")) if lines else []

    def _lean(self, mode: str, section: str, source: Source, clause: Clause) -> list[Line]:
        source.clauses.remove(clause)
        lines = self.scene.lean(mode, section, source, clause)
        if lines:
            source.told.append(clause)
        return lines

    # Turn, price, ending

    def _turn(self) -> list[Line]:
        tell, premise = self.scene.tell, self.premise
        deeds = premise.deeds[1:] or (premise.deeds if not self.request.told else ())
        act = tell("turn", "deed", deed=deeds[0]) if deeds else tell("turn", "act")
        return paragraph(self._recall(), act, tell("turn", "answer"))

    def _recall(self) -> list[Line]:
        """Something of what was met that decides it: a person first, else whatever was told."""
        met = [source for source in self.sources if source.told] or self.sources
        found = [(clause, source) for source in met for clause in source.clauses]
        self.scene.rng.shuffle(found)
        known = {clause.subject for source in met for clause in source.told}
        found.sort(key=lambda pair: (not (pair[0].person and pair[0].subject in known), not pair[0].person))
        for clause, source in found[:12]:
            lines = self._lean("turn", "recall" if clause.person else "recall.clause", source, clause)
            if lines:
                return lines
        return []

    def _price(self) -> list[Line]:
        token = self.scene.slots["the_token"]
        return paragraph((self.scene.tell("price", "token") if token else []) or self.scene.tell("price", "own"))

    def _echo(self) -> list[Line]:
        if self.request.length == "short":
            return []
        for source in [source for source in reversed(self.sources) if source.clauses]:
            for clause in list(source.clauses)[:4]:
                lines = self._lean("ending", "echo", source, clause)
                if lines:
                    return lines
        return []

    def _ending(self, image: tuple[str, str]) -> list[Line]:
        close = self.scene.tell("ending", "close") if self.scene.rng.random() < 0.3 else []
        return paragraph(self.scene.tell("ending", "home"), self._echo(), self._written(image[1]), close)

    # Size

    def _direction(self) -> list[Line]:
        wish = re.sub(r"\s+", " ", self.request.direction.replace('"', "").replace("“", "").replace("”", "")).strip()
        if not wish:
            return []
        deed = wished_deed(wish, self.premise.hero)
        if deed:
            return self.scene.tell("continued", "direction.deed", deed=deed)
        words = wish.split()[:24]
        return self.scene.tell("continued", "direction.saying", saying=capitalised(" ".join(words).strip(" .,;:")))

    def _sized(self, parts: list[list[Line]]) -> list[Line]:
        """The parts within the length that was asked for: something more on the way, or something less."""
        while sum(map(words_in, parts)) < self.target * 0.9:
            more = paragraph(self.scene.tell("encounters", "encounters") or self.scene.tell("road", "interludes"))
            if not more:
                break
            parts.insert(max(1, len(parts) - 3), more)
        while sum(map(words_in, parts)) > self.most and len(parts) > 4:
            parts.pop(-4)
        return [line for part in parts for line in part]
