"""One passage told: who is met, what they have done, what they say, what they hand over."""

from __future__ import annotations

import re
from itertools import pairwise, product
from random import Random

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.matter import Matter
from dream.storytelling.storytellers.loom.korean.nouns import Noun
from dream.storytelling.storytellers.loom.korean.sayings import Saying
from dream.storytelling.storytellers.loom.korean.statements import seeable
from dream.storytelling.storytellers.loom.korean.telling import Telling, clause_slots

_PATTERNS = (
    "fact react fact saying thing fact react saying fact fact",
    "fact saying fact react thing fact saying react fact fact",
    "fact fact saying react fact thing react fact saying fact",
    "saying fact react fact thing fact saying react fact fact",
    "fact thing fact react saying fact react fact saying fact",
)


class Memory:
    """What the story has taken from its passages so far, so that it can come back to it."""

    def __init__(self, hero: str, questions: list[str]) -> None:
        self.hero = hero
        self.met: list[str] = []
        self.questions = questions
        self.passed = 0
        self.shown = False
        self.told: list[tuple[Matter, Clause]] = []
        self.gift: tuple[Matter, str, Clause] | None = None
        self.spent: set[str] = set()

    def has_met(self, person: str) -> bool:
        return any(_last(person) == _last(met) for met in self.met)


class Encounter:
    """Tells one passage, as far as it goes, in about `room` words."""

    def __init__(
        self, telling: Telling, memory: Memory, matter: Matter, rng: Random, plot: str, *, strict: bool, free: bool
    ) -> None:
        self._telling, self._memory, self._matter, self._rng, self._plot = telling, memory, matter, rng, plot
        self._strict, self._free = strict, free
        self._clauses = [clause for clause in matter.clauses if str(clause.told) not in memory.spent]
        self._sayings = [saying for saying in matter.sayings if saying.words not in memory.spent]
        self._person = ""
        self._last: Clause | None = None
        self._answered = 0

    def tell(self, where: str, room: int) -> bool:
        """Adds the encounter as a paragraph; False where the passage gave nothing. `where` is first, next or last."""
        start = self._telling.words
        lean = self._lean()
        self._arrive(where)
        self._telling.with_somebody = bool(self._person)
        if room > 30:
            self._ask()
        asked = self._answered = self._lean()
        pattern = self._rng.choice(_PATTERNS).split()
        if self._free:
            pattern = [
                {"fact": "thing", "thing": "fact"}.get(step, step) if at % 4 == 0 else step
                for at, step in enumerate(pattern)
            ]
        for step in pattern:
            if self._telling.words - start >= room and self._lean() > asked:
                break
            getattr(self, f"_{step}")()
        if self._lean() == lean:
            self._scrap()
        self._telling.with_somebody = False
        return self._lean() > lean

    def has_more(self) -> bool:
        """Whether enough of the passage is still untold for a second meeting."""
        return len(self._clauses) + len(self._sayings) > 1

    def _lean(self) -> int:
        return sum(line.passage is not None for paragraph in self._telling.paragraphs for line in paragraph)

    def _arrive(self, where: str) -> None:
        """The hero comes upon somebody new, named by what they have done; or upon somebody again; or upon nobody."""
        persons = self._matter.persons()
        fresh = [person for person in persons if self._is_new(person)]
        known = [person for person in persons if self._memory.has_met(person)]
        for person, name in [*((person, where) for person in fresh), *((person, "again") for person in known)]:
            deeds = [clause for clause in self._clauses if clause.subject == person and clause.human]
            self._rng.shuffle(deeds)
            deeds.sort(key=lambda clause: len(clause.deed.split()) < 3)
            if any(self._say(f"plots.{self._plot}.{name}", clause) for clause in deeds):
                self._person = person
                self._memory.met.append(person)
                break
        self._clauses = self._in_order()

    def _in_order(self) -> list[Clause]:
        """What the person has done first, from where they were met on; then what others have."""
        since = self._last.order if self._last else 0
        return sorted(
            self._clauses, key=lambda c: (bool(self._person) and not self._is_theirs(c), c.order < since, c.order)
        )

    def _is_theirs(self, clause: Clause) -> bool:
        return bool(self._person) and clause.human and _last(clause.subject) == _last(self._person)

    def _ask(self) -> None:
        """The hero puts the question, and shows what they carry or whom they come from."""
        if not self._person:
            return
        say, memory = self._telling.say, self._memory
        before = [person for person in memory.met if _last(person) != _last(self._person)]
        if memory.questions and say(memory.questions[0]):
            memory.questions.pop(0)
        elif before and memory.passed < 1 and say("ways.passed", before=Noun(before[-1])):
            memory.passed += 1
        elif memory.gift and not memory.shown and memory.gift[0] is not self._matter:
            memory.shown = say("ways.shown", gift=Noun(memory.gift[1]))
        elif not say("ways.ask"):
            return
        if self._rng.random() < 0.6:
            say("ways.answer")

    def _is_new(self, person: str) -> bool:
        own = _last(self._memory.hero)
        return not _is_crowd(person) and own not in person.split() and not self._memory.has_met(person)

    def _fact(self) -> None:
        for clause in self._clauses:
            if str(clause.told) in self._memory.spent:
                continue
            if self._told(clause):
                return

    def _told(self, clause: Clause) -> bool:
        hero = _last(self._memory.hero) == _last(clause.subject)
        if hero and clause.human and not _is_crowd(clause.subject):
            return self._say("told.remembered", clause)
        if self._is_theirs(clause):
            if self._goes_on(clause) and self._rng.random() < 0.75 and self._say("told.more", clause):
                return True
            witness = self._plot == "road" and seeable(clause) and not self._strict and self._rng.random() < 0.35
            return (witness and self._say("told.seen", clause)) or self._say("told.heard", clause)
        return (bool(self._person) and self._say("told.heard_via", clause)) or self._say("told.heard_of", clause)

    def _goes_on(self, clause: Clause) -> bool:
        """Whether the sentence just told leaves no doubt who is meant when this one names nobody."""
        before = self._telling.paragraphs[-1][-1:]
        if not before or self._last is None or self._last.subject != clause.subject:
            return False
        return before[0].passage == self._matter.number or before[0].text.startswith("그 사람")

    def _say(self, name: str, clause: Clause, **filled: Noun) -> bool:
        if not self._telling.say(name, self._matter.number, **clause_slots(clause), **filled):
            return False
        self._memory.spent.add(str(clause.told))
        self._memory.told.append((self._matter, clause))
        self._last = clause
        return True

    def _react(self) -> None:
        """What the hero makes of what was told since they last spoke, where anything was."""
        if self._person and self._lean() > self._answered and self._telling.say("ways.react"):
            self._answered = self._lean()

    def _saying(self) -> None:
        for saying in sorted(self._sayings, key=self._distance):
            if saying.words not in self._memory.spent and self._quote(saying):
                self._memory.spent.add(saying.words)
                return

    def _distance(self, saying: Saying) -> int:
        """0 for what the person met says, 1 for what somebody known says, 2 for a voice."""
        return 2 if not saying.speaker else int(_last(saying.speaker) != _last(self._person or "-"))

    def _quote(self, saying: Saying) -> bool:
        speaker = saying.speaker
        known = speaker and _last(speaker) != _last(self._memory.hero)
        names = ("asked", "said") if known else ("overasked", "overheard")
        return self._telling.say(
            f"told.{names[0] if saying.asks else names[1]}",
            self._matter.number,
            saying=Noun(f"“{saying.words}”"),
            speaker=Noun(speaker),
        )

    def _thing(self) -> None:
        """Something the person met hands over, once in a story, or has with them; told with one more deed of theirs."""
        things = [thing for thing in self._matter.things if thing not in self._memory.spent]
        deeds = [c for c in self._clauses if self._is_theirs(c) and str(c.told) not in self._memory.spent]
        if not things or not deeds:
            return
        name = "told.spoken" if self._strict else "told.beside" if self._memory.gift else "told.given"
        for thing, clause in product(things[:4], deeds[:4]):
            if thing not in clause.deed and self._say(name, clause, thing=Noun(thing)):
                self._memory.spent.add(thing)
                if name == "told.given":
                    self._memory.gift = (self._matter, thing, clause)
                return

    def _scrap(self) -> None:
        """For a passage without statements: a few of its words, or two of the things in it."""
        matter, say = self._matter, self._telling.say
        for words in _scraps(matter.passage.text) if matter.passage.quotable else []:
            if say("told.scrap", matter.number, saying=Noun(f"“{words}”")):
                return
        for where, thing in product(matter.places[:2], matter.things[:2]):
            if say("told.around", matter.number, where=Noun(where), thing=Noun(thing)):
                return
        for thing, other in pairwise(matter.sights):
            alike = other in thing or thing in other
            if not alike and say("told.two_things", matter.number, thing=Noun(thing), other=Noun(other)):
                return


def _scraps(text: str) -> list[str]:
    """Short stretches of a text that can stand in quotation marks: lines of verse, or sentences."""
    pieces = [
        *text.splitlines(),
        *(text[span.start : span.end] for span in sentences(text)),
        *re.split(r"[“”\"]", text),
    ]
    plain = [" ".join(piece.split()).strip(" .,:;-*_#|") for piece in pieces]
    return [piece for piece in plain if 3 <= len(piece.split()) <= 14 and re.fullmatch(r"[가-힣\s,]+", piece)]


def _last(name: str) -> str:
    return name.rsplit(maxsplit=1)[-1]


def _is_crowd(person: str) -> bool:
    return person.endswith("들") or re.match(r"(?:두|세|네|여러|모든)\s", person) is not None
