"""The plan of a scene: opening, want, meetings, turn, price, ending."""

from __future__ import annotations

from dataclasses import replace

from dream.language.hangul import language_of
from dream.storytelling.brief import WORDS, Length
from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.data import load
from dream.storytelling.storytellers.loom.korean.encounter import Encounter, Memory
from dream.storytelling.storytellers.loom.korean.frames import Frames, random_for, tone_of
from dream.storytelling.storytellers.loom.korean.gate import Gate
from dream.storytelling.storytellers.loom.korean.hero import several
from dream.storytelling.storytellers.loom.korean.matter import Matter, take_apart
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, Noun, kind, split
from dream.storytelling.storytellers.loom.korean.premise import Premise, doing, is_stranger, read_premise
from dream.storytelling.storytellers.loom.korean.statements import doable
from dream.storytelling.storytellers.loom.korean.telling import Telling, clause_slots
from dream.storytelling.storytellers.loom.line import Line
from dream.storytelling.storytellers.loom.reading import Request

_MEETINGS: dict[Length, int] = {"short": 3, "medium": 6, "long": 9}
_ENDING_WORDS: dict[Length, int] = {"short": 50, "medium": 95, "long": 130}
WISHES = ("wish", "once", "reported", "trait", "topic", "said")
_OF_OTHERS = frozenset("을 를 에게 와 과 의".split())
_PLOTS = ("road", "door", "night", "list")


def weave(request: Request) -> list[Line]:
    """The sentences of one scene, in order, each with the passage it leans on; the same for the same request."""
    return _Scene(request).tell()


class _Scene:
    def __init__(self, request: Request) -> None:
        self._request = request
        self._length: Length = (
            "short" if request.length == "short" else "long" if request.length == "long" else "medium"
        )
        self._lexicon = lexicon = Lexicon(
            [*(passage.text for passage in request.passages), request.premise, request.told]
        )
        self._premise = read_premise(request, lexicon)
        self._matters = [take_apart(passage, lexicon) for passage in request.passages]
        own = " ".join((request.premise, request.place, str(self._premise.full)))
        scene = f"{len(request.told)} {request.direction}"
        self._frames = Frames(request.premise, request.seed, scene, tone_of(request.tone))
        self._rng = random_for(request.premise, request.seed, scene)
        gate = Gate(self._matters, request.told, own)
        # Only the road has small scenes enough for a story without passages.
        self._plot = self._frames.turned("plot", list(_PLOTS))[0] if request.passages else "road"
        self._telling = Telling(self._frames, gate, _own_slots(self._premise))
        self._memory = Memory(str(self._premise.hero), self._questions())
        self._motif = self._choose_motif()
        self._back: list[str] = []
        self._telling.houseless = is_stranger(str(self._premise.hero))
        self._telling.several = several(str(self._premise.hero))
        self._telling.at_home = self._plot != "road"

    def tell(self) -> list[Line]:
        low, high = WORDS["ko"][self._length]
        # Without passages a story has little to go on, and does not stretch it.
        target = (low + high) // 2 if self._matters else low + (high - low) // 3
        if self._request.told:
            self._go_on()
        else:
            self._open()
            self._want()
        self._meet(target)
        self._fill(target)
        self._turn()
        self._price()
        self._end()
        return self._telling.lines()

    def _questions(self) -> list[str]:
        """What the hero asks those they meet, in turn."""
        asked = [f"wants.ask_{slot}" for slot in WISHES if getattr(self._premise, slot)]
        if asked == ["wants.ask_said"]:
            short = len(self._premise.said.split()) < 6 and language_of(self._premise.said) == "ko"
            return asked if short else []
        return asked * 2

    def _open(self) -> None:
        premise, say = self._premise, self._telling.say
        described = premise.full != premise.hero
        if described:
            say("opening.full")
        elif premise.place is None or not say("opening.placed"):
            say("opening.bare")
        if described and self._request.place and premise.place is not None:
            say("opening.setting")
        for frame in self._motif["open"][: 1 if self._length == "short" else 2]:
            self._telling.add(frame, None, 1)

    def _want(self) -> None:
        premise, say = self._premise, self._telling.say
        if self._length != "short":
            self._telling.paragraph()
        if not any(getattr(premise, slot) and say(f"wants.{slot}") for slot in WISHES) and not premise.happened:
            say("wants.none")
        for happened in premise.happened[:2]:
            say("wants.happened", happened=happened)
        say(f"plots.{self._plot}.setout")

    def _go_on(self) -> None:
        say = self._telling.say
        say("scenes.opening")
        if self._begun(self._motif):
            self._echo()
        if not (self._request.direction and self._directed()):
            say("scenes.want")
        say(f"plots.{self._plot}.setout")

    def _directed(self) -> bool:
        directed = read_premise(_as_premise(self._request), Lexicon([self._request.premise, self._request.direction]))
        for happened in directed.happened[:1]:
            if self._telling.say("wants.happened", happened=happened):
                return True
        if directed.reported:
            return self._telling.say("wants.reported", reported=directed.reported, intent=directed.intent)
        if directed.wish:
            return self._telling.say("wants.wish", wish=directed.wish)
        if does := doing(self._request.direction):
            return self._telling.say("wants.reported", reported=f"{self._premise.hero:이/가} {does}", intent=does)
        return bool(directed.said) and self._telling.say("scenes.directed", said=Noun(f"“{directed.said}”"))

    def _meet(self, target: int) -> None:
        """One meeting for each passage; where few passages leave room, they are gone back to."""
        wanted = self._ordered()[: _MEETINGS[self._length]]
        if len(wanted) > 2 and not wanted[-1].clauses:
            wanted.insert(1, wanted.pop())  # the last meeting should be one with somebody
        rounds = wanted * 3 if len(wanted) < 4 else wanted
        for at, matter in enumerate(rounds):
            room = (target - _ENDING_WORDS[self._length] - self._telling.words) // max(
                1, len(wanted) - at % len(wanted)
            )
            if room < 8 and at >= 3:
                break
            where = "first" if at == 0 else "last" if at == len(rounds) - 1 else "next"
            self._encounter(matter, where, room if at < len(wanted) else min(room, 60), again=at >= len(wanted))

    def _encounter(self, matter: Matter, where: str, room: int, *, again: bool) -> None:
        self._telling.paragraph()
        grounding = self._request.grounding
        encounter = Encounter(
            self._telling,
            self._memory,
            matter,
            self._rng,
            self._plot,
            strict=grounding == "strict",
            free=grounding == "free",
        )
        if again and not encounter.has_more():
            return
        encounter.tell(where, room)
        if where != "last" and room > 25:
            self._telling.say(f"plots.{self._plot}.onward")

    def _ordered(self) -> list[Matter]:
        """The passages that give something first, those of one work together; another seed begins with another work."""
        rich = [matter for matter in self._matters if matter.clauses or matter.sayings]
        poor = [matter for matter in self._matters if matter not in rich]
        works = list(dict.fromkeys(matter.passage.work for matter in rich[:6]))
        self._rng.shuffle(works)
        head = sorted(rich[:6], key=lambda matter: works.index(matter.passage.work))
        return [*head, *rich[6:], *poor]

    def _turn(self) -> None:
        premise, say = self._premise, self._telling.say
        self._telling.paragraph()
        say("ways.turn")
        brief = self._length == "short"
        if not brief and not any(getattr(premise, slot) and say(f"wants.{slot}_turn") for slot in WISHES):
            for happened in premise.happened[-1:]:
                say("wants.happened_turn", happened=happened)
        followed = self._recall()
        for frame in self._back[:1]:
            self._telling.add(frame, None, 1)
        if not brief:
            say("ways.after_turn" if followed else "ways.after_thought")
            self._echo()

    def _recall(self) -> bool:
        """What somebody has done is done again by the hero, or comes back to them; True where it was done."""
        strict = self._request.grounding == "strict"
        recalled = [(matter, clause) for matter, clause in self._memory.told if self._memory.has_met(clause.subject)]
        self._rng.shuffle(recalled)
        if not strict:
            for matter, clause in recalled:
                if (
                    doable(clause)
                    and not self._names_another(clause)
                    and not self._is_gift(clause)
                    and self._telling.say("told.follow", matter.number, **clause_slots(clause))
                ):
                    return True
        for matter, clause in recalled:
            if self._telling.say("told.return", matter.number, **clause_slots(clause)):
                return False
        return False

    def _names_another(self, clause: Clause) -> bool:
        """Whether what was done was done to somebody, who is not here now."""
        objects = [noun for noun, particle in map(split, clause.deed.split()) if particle in _OF_OTHERS]
        return any(self._lexicon.is_person(noun) or kind(noun) == "kin" for noun in objects)

    def _is_gift(self, clause: Clause) -> bool:
        """Whether the price will come back to it anyway."""
        return self._memory.gift is not None and self._memory.gift[2] is clause

    def _price(self) -> None:
        say = self._telling.say
        gift = self._memory.gift
        self._telling.paragraph()
        strict = self._request.grounding == "strict"
        paid = gift is not None and say("told.pay", gift[0].number, thing=Noun(gift[1]), **clause_slots(gift[2]))
        brief = self._length == "short"
        if not paid and (strict or not brief):
            say("ways.price_strict")
        if not strict and not (paid and brief):
            say("ways.price")

    def _end(self) -> None:
        say = self._telling.say
        if self._request.told:
            say("scenes.last")
            return
        if self._length != "short":
            if len(self._telling.paragraphs[-1]) > 1:
                self._telling.paragraph()
            placed = self._premise.place is not None and self._plot == "road" and say("ways.homeward_placed")
            settled = say("ways.settled")
            if not (placed or settled) or self._length == "long":
                say("ways.home")
        closing = self._frames.turned("closing", self._motif["close"])
        for frame in closing:
            if self._telling.add(frame, None, 1):
                return

    def _echo(self) -> None:
        for frame in self._frames.turned("echo", self._motif["echo"]):
            if self._telling.add(frame, None, 1):
                return

    def _fill(self, target: int) -> None:
        """Small scenes among the meetings, as many as the story is still short of."""
        held = load("frames/interludes")
        scenes = held["anywhere"] + (held["road"] if self._plot == "road" else [])
        room = target - _ENDING_WORDS[self._length] - self._telling.words
        first = 2 if len(self._telling.paragraphs) > 1 else 1
        for at, scene in enumerate(self._frames.turned("interludes", scenes)):
            if room < 12:
                return
            made = self._telling.scene(scene["tell"])
            if not made:
                continue
            room -= sum(len(line.text.split()) for line in made)
            places = max(1, len(self._telling.paragraphs) - first + 1)
            self._telling.paragraphs.insert(min(len(self._telling.paragraphs), first + (at * 2 + 1) % places), made)
            self._back.append(scene["back"])

    def _choose_motif(self) -> dict[str, list[str]]:
        """An image whose word stands in no passage; in a later scene the one that the story began with."""
        motifs = self._frames.turned("motifs", list(load("frames/motifs")["motifs"]))
        if is_stranger(str(self._premise.hero)):
            motifs = [motif for motif in motifs if motif.get("roams")]
        begun = [motif for motif in motifs if self._begun(motif)]
        text = " ".join(matter.passage.text for matter in self._matters)
        free = [motif for motif in motifs if motif["sign"] not in text and motif["sign"] not in self._request.premise]
        chosen: dict[str, list[str]] = (begun or free or motifs)[0]
        return chosen

    def _begun(self, motif: dict[str, list[str]]) -> bool:
        """Whether the story so far opened with this image."""
        return any(frame.format(hero=self._premise.hero) in self._request.told for frame in motif["open"])


def _own_slots(premise: Premise) -> dict[str, str]:
    own: dict[str, str | None] = {
        "hero": premise.hero, "full": premise.full, "place": premise.place, "wish": premise.wish,
        "reported": premise.reported,
        "intent": premise.intent,
        "topic": premise.topic, "trait": premise.trait, "once": premise.once,
        "said": Noun(f"“{premise.said}”") if premise.said else None,
    }  # fmt: skip
    return {name: value for name, value in own.items() if value}


def _as_premise(request: Request) -> Request:
    return replace(request, premise=request.direction)
