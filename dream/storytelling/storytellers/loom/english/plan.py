"""The plan of a scene: opening, want, meeting, what is met on the way, turn, price, ending."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dream.storytelling.storytellers.loom.english.clauses import Clause
from dream.storytelling.storytellers.loom.english.findings import Token
from dream.storytelling.storytellers.loom.english.frames import fill, pairs, parted
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
_OTHERS = re.compile(
    r"\b(?:he|she|it|they|him|her|his|hers|its|them|their|himself|herself|said|asked|told|answered|replied)\b"
)
_LEAST_USED = 3
_MODES = ("seen", "overheard", "remembered", "written")
_ENDING_SHARE = 110
_CLOSING = 3  # turn, price and ending close every scene
_FILLED = 0.8  # of the words aimed for; fragments that give little make a shorter story rather than a padded one


@dataclass(slots=True)
class Plan:
    request: Request
    premise: Premise
    scene: Scene
    sources: list[Source]
    target: int
    most: int
    known: Source | None = None

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
        lines += paragraph(
            tell("continued", "again") if self.scene.slots["guide"] in self.request.told else tell("meeting", "meet")
        )
        lines += self._first_leg()
        legs = self._legs(self.target - words_in(lines) - _ENDING_SHARE)
        closing = paragraph(
            tell("ending", "home") if self.scene.rng.random() < 0.4 else [], self._echo(), tell("continued", "open")
        )
        return self._sized([lines, *legs, self._turn(), self._price(), closing])

    # Opening

    def _image(self) -> tuple[str, str]:
        found = [(pair[0], pair[1]) for pair in pairs("images", "pairs")]
        return min(
            self.scene.chooser.turned("images", found),
            # Two sentences at either end of the story: one word more in common with a fragment does no harm.
            key=lambda pair: max(0, self.scene.chooser.clash(f"{pair[0]} {pair[1]}") - 1),
        )

    def _opening(self, image: tuple[str, str]) -> list[Line]:
        premise, tell = self.premise, self.scene.tell
        if premise.asked:
            begun = tell("opening", "question", asked=premise.asked)
        elif premise.role and (not premise.deeds or premise.role != self.scene.slots["a_hero"]):
            section = (
                "who.definite"
                if premise.role == premise.hero.name or premise.role.startswith(("the ", premise.hero.name))
                else "who"
            )
            placed = (
                section == "who" and premise.place is not None and premise.place.name.split()[-1] not in premise.role
            )
            begun = tell("opening", section if section != "who" or placed else "who.unplaced", role=premise.role)
            begun += tell("opening", "deed.afterwards", deed=premise.deeds[0]) if premise.deeds else []
        elif premise.deeds:
            begun = tell("opening", "deed", deed=premise.deeds[0])
        else:
            begun = tell("opening", "saying", saying=premise.sayings[0])
        text = " ".join(line.text for line in begun)
        if premise.place and premise.place.name.removeprefix("the ") not in text:
            begun += tell("opening", "place")
        self._settle()
        return paragraph(begun, self._written(image[0]))

    def _settle(self) -> None:
        """From the second mention on, a place is a known one."""
        at, name = self.scene.slots["at_place"], self.scene.slots["place"]
        if name.startswith("the ") and at.split()[1:2] in (["a"], ["an"], ["some"], ["one"]):
            self.scene.slots["at_place"] = f"{at.split()[0]} {name}"

    def _written(self, text: str) -> list[Line]:
        return [Line(fill(part, self.scene.slots)) for part in parted(text)]

    def _want(self) -> list[Line]:
        kind = content("" if self.premise.asked else self.request.premise)  # what is asked is not what is wanted
        found = [name for name, words in _WANTS.items() if kind & content(words)]
        themed = self.scene.tell("theme", "want") if self.scene.rng.random() < 0.6 else []
        told = self.scene.tell("want", found[0] if found else "any")
        rest = self.premise.sayings if self.premise.role else self.premise.sayings[1:]
        more = self.scene.tell("opening", "afterwards.saying", saying=rest[0]) if rest else []
        return paragraph(themed, told, more, self.scene.tell("setting_out", "leave"))

    # Meeting

    def _meeting(self) -> list[Line]:
        tell = self.scene.tell
        short = self.request.length == "short"
        lines = paragraph(tell("meeting", "meet"), [] if short else tell("meeting", "ask"))
        return lines + self._first_leg()

    def _first_leg(self) -> list[Line]:
        """What the guide tells, what the guide gives, and on what terms."""
        lines: list[Line] = []
        group = max(self._groups(), key=lambda sources: sum(source.promise for source in sources), default=[])
        if group and self.request.grounding != "free":
            lines += paragraph(self._told("told", group))
        given = self._gift()
        bargain = self.scene.tell("meeting", "bargain") if self.request.length != "short" or not given else []
        return lines + paragraph(given, bargain)

    def _gift(self) -> list[Line]:
        found: list[tuple[Token, Source]] = [(token, source) for source in self.sources for token in source.tokens]
        self.scene.rng.shuffle(found)
        asked = content(self.request.premise)
        found.sort(key=lambda pair: (-len(content(pair[0].first) & asked), bool(pair[1].told)))
        for token, source in found:
            lines = self.scene.give(token, source)
            if lines:
                return lines
        return []

    # The way

    def _groups(self) -> list[list[Source]]:
        """The fragments not told from yet, those of one work together, no more than two of them."""
        groups: list[list[Source]] = []
        for source in self.sources:
            if source.told or source.last or not (source.clauses or source.sayings):
                continue
            near = next(
                (group for group in groups if group[0].passage.work == source.passage.work and len(group) < 2), None
            )
            if near:
                near.append(source)
            else:
                groups.append([source])
        return groups

    def _legs(self, room: int) -> list[list[Line]]:
        """A stretch of way for each group of fragments, until the room is used up."""
        modes = list(_MODES)
        self.scene.rng.shuffle(modes)
        legs: list[list[Line]] = []
        used = 0
        for turn in range(40):
            groups = (
                self._groups()
                or [[source] for source in self.sources if source.clauses and len(source.told) < 8][turn % 3 :][:1]
            )
            leaning = sum(bool(source.last) for source in self.sources)
            if used >= room and leaning >= min(_LEAST_USED, len(self.sources)):
                break
            if not groups:
                break
            leg = self._leg(modes[turn % len(modes)], groups[0])
            if leg:
                legs.append(leg)
                used += words_in(leg)
        return legs

    def _aside(self) -> list[Line]:
        return self.scene.tell("encounters", "encounters") or self.scene.tell("road", "interludes")

    def _leg(self, mode: str, group: list[Source]) -> list[Line]:
        """The way there, and what is met there."""
        way = self._way() if self.request.length != "short" else []
        met = next((told for way in (mode, "overheard", "seen") if (told := self._told(way, group))), [])
        if not met:
            met = next((heard for source in group if (heard := self._heard(source))), [])
        for source in group:
            source.clauses = source.clauses if met else []
        return paragraph(way, met) if met else []

    def _heard(self, source: Source) -> list[Line]:
        """What people say in a fragment that tells little else."""
        pair = source.exchange()
        said = self.scene.exchange(*pair, source) if pair else self._quoted(source)
        return [*said, *self.scene.tell("overheard", "end")] if said else []

    def _quoted(self, source: Source) -> list[Line]:
        saying = source.saying()
        return self.scene.quote(saying, source) if saying else []

    def _way(self) -> list[Line]:
        """What lies between one thing and the next: what went before, what is sought, the road itself."""
        tell, rng, slots = self.scene.tell, self.scene.rng, self.scene.slots
        if self.request.grounding == "free" and rng.random() < 0.5:
            return tell("encounters", "encounters")
        told: list[Line] = []
        if self.known is not None and rng.random() < 0.5:
            told = self.scene.recall(self.known)
        elif slots["theme"] and rng.random() < 0.5:
            told = tell("theme", "road")
        elif slots["the_token"] and rng.random() < 0.35:
            told = tell("token", "carried")
        return [*told, *tell("road", "interludes")] if not told or rng.random() < 0.4 else told

    def _told(self, mode: str, group: list[Source]) -> list[Line]:
        """A stretch of each fragment in its own order, and what the hero makes of it."""
        length = self.request.length
        count = (
            {"short": 2, "medium": 3, "long": 4}[length]
            if len(group) == 1
            else {"short": 1, "medium": 2, "long": 3}[length]
        )
        lines: list[Line] = []
        for source in group:
            lines += self._stretch(mode, source, count, begun=bool(lines))
            if lines and source.sayings and length != "short" and self.scene.rng.random() < 0.3:
                lines += self._quoted(source)
        if not lines:
            return []
        name, namer = self._known(group)
        if namer is not None:
            self.scene.slots["known"], self.known = name, namer
        return [*lines, *self.scene.tell(mode, "end")]

    def _stretch(self, mode: str, source: Source, count: int, *, begun: bool) -> list[Line]:
        """Up to `count` clauses of a fragment; where one can't be told, what comes after it takes its place."""
        fitting = [clause for clause in source.clauses if _fits(clause, mode)]
        picked = source.stretch(count, fitting)
        last = (picked[-1].sentence, picked[-1].part) if picked else (0, 0)
        later = [clause for clause in fitting if (clause.sentence, clause.part) > last]
        lines: list[Line] = []
        told = 0
        for clause in [*picked, *sorted(later, key=lambda clause: (clause.sentence, clause.part))]:
            if told < count:
                leaning = self._lean(mode, "more" if lines or begun else "first", source, clause)
                lines += leaning
                told += bool(leaning)
        return lines

    def _known(self, group: list[Source]) -> tuple[str, Source | None]:
        """Someone just told of by name, and the one fragment that names them; ("", None) where there is none."""
        for source in reversed(group):
            others = " ".join(other.passage.text for other in self.sources if other is not source)
            for clause in reversed(source.told):
                name = clause.subject
                proper = clause.person and clause.lowered.startswith(name) and name[:1].isupper() and "," not in name
                if proper and len(name.split()) <= 3 and name.split()[-1] not in others:
                    return name, source
        return "", None

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
        recalled = self._recall()
        act = tell("turn", "deed", deed=deeds[0]) if deeds else tell("turn", "act")
        answer = (
            tell("theme", "answer") if self.scene.slots["theme"] and self.scene.rng.random() < 0.6 else []
        ) or tell("turn", "answer")
        return paragraph(recalled, act, answer)

    def _recall(self) -> list[Line]:
        """Something of what was met that decides it: a person first, else whatever was told."""
        met = [source for source in self.sources if source.told] or self.sources
        found = [(clause, source) for source in met for clause in source.clauses if not clause.gesture]
        self.scene.rng.shuffle(found)
        known = {clause.subject for source in met for clause in source.told}
        found.sort(
            key=lambda pair: (not (pair[0].person and pair[0].subject in known), pair[0].vague, not pair[0].person)
        )
        for clause, source in found[:12]:
            person = clause.person and not clause.vague
            alone = person and clause.event and clause.subject in known and not _OTHERS.search(clause.predicate)
            ways = (["after"] if alone else []) + ["recall" if person else "recall.clause"]
            for section in ways:
                lines = self.scene.lean("turn", section, source, clause)
                if lines:
                    source.clauses.remove(clause)
                    source.told.append(clause)
                    return lines
        return []

    def _price(self) -> list[Line]:
        token = self.scene.slots["the_token"]
        return paragraph((self.scene.tell("price", "token") if token else []) or self.scene.tell("price", "own"))

    def _echo(self) -> list[Line]:
        if self.request.length == "short":
            return []
        for source in sorted(
            (source for source in self.sources if source.clauses), key=lambda source: len(source.told)
        ):
            for clause in [clause for clause in source.clauses if not clause.gesture][:4]:
                lines = self._lean("ending", "echo", source, clause)
                if lines:
                    return lines
        return []

    def _ending(self, image: tuple[str, str]) -> list[Line]:
        tell, rng = self.scene.tell, self.scene.rng
        themed = (
            tell("theme", "ending")
            if self.scene.slots["theme"] and self.request.length != "short" and rng.random() < 0.5
            else []
        )
        close = tell("ending", "close") if rng.random() < 0.25 else []
        return paragraph(tell("ending", "home"), self._echo(), themed, self._written(image[1]), close)

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
        place = 1
        while sum(map(words_in, parts)) < self.target * _FILLED:
            more = paragraph(self._aside())
            if not more:
                break
            last = len(parts) - _CLOSING
            parts.insert(min(place, last), more)
            place = place + 2 if place + 2 <= last else 1
        while sum(map(words_in, parts)) > self.most and len(parts) > _CLOSING + 1:
            parts.pop(-_CLOSING - 1)
        return [line for part in parts for line in part]


def _fits(clause: Clause, mode: str) -> bool:
    """Whether it can be met in this way: what is seen happens; nobody carries a gesture from house to house."""
    return clause.event if mode == "seen" else not clause.gesture
