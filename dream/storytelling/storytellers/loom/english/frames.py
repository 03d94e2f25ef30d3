"""The prose that joins: frames with slots, kept as text beside the code and chosen by tone, never twice in one
story."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.english.words import capitalised, content, folded

T = TypeVar("T")

_TONES = {
    "wry": """wry funny humorous humour humor comic comedy dry ironic irony light witty satirical absurd playful
        amusing silly cheeky deadpan sardonic""",
    "eerie": """eerie spooky dark creepy uncanny ghostly gothic scary strange haunting unsettling mysterious horror
        frightening sinister weird dreamlike""",
    "solemn": """solemn sad serious melancholy grave mournful elegiac tragic sorrowful slow wistful bitter sombre
        somber heavy stern""",
    "gentle": """gentle warm tender cosy cozy soft kind sweet bedtime calm quiet comforting soothing hopeful loving
        happy peaceful""",
    "adventurous": """adventurous adventure exciting bold brisk epic swashbuckling fast daring heroic thrilling lively
        brave rousing""",
}
_SPREAD = 3
_SLOT = re.compile(r"\{(\w+)\}")
_PARTS = (
    "hat mouth neck head shoulder coat back pocket hand sleeve face breath collar finger ear knee throat voice name "
    "shadow spoon height bundle boot cuff"
)
_OWN_PARTS = re.compile(rf"(?<=\{{his\}} )(?:{_PARTS.replace(' ', '|')})\b")
_PRESENT = re.compile(r"(\{[Hh]e\}(?: still| never)?) (has|knows|casts)\b")
_LEANING = frozenset({"clause", "subject", "known", "quote_mid", "quote_end", "reply_mid", "reply_end", "token"})
# Words so common in tales that sharing them with a fragment says nothing.
_COMMON = content(
    """day night morning evening year time man woman people child house home door road way hand eye head foot word
    name thing place room light water old young good little small great long new come go see hear tell ask think
    know find leave give take look want keep stand sit walk turn bring call begin end open close shut stop
    follow wait lie hold put first last next two three four one once never nobody everyone someone anything
    nothing something coat boot table bread window bed wall rain wind fire sleep eat drink cup chair dark noon
    supper dinner step stair floor back side corner end bottom top front middle week month winter summer spring
    autumn tuesday sit wear bring carry pull push speak talk voice answer question nod smile laugh feel mean
    matter use help need try start line piece sort kind mile friend neighbour family mother father boy girl
    white black red green blue cold warm quiet slow quick heavy light half"""
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A template of one or more sentences; `leans` tells for each of them whether a fragment's words go into it."""

    text: str
    tone: str
    sentences: tuple[str, ...]
    leans: tuple[bool, ...]
    slots: frozenset[str]
    words: frozenset[str]


def tone_of(wish: str) -> str:
    """The tone of ours that a reader's word for it comes nearest to, "" for any other."""
    words = set(re.findall(r"[a-z]+", wish.lower()))
    scores = {tone: len(words & set(known.split())) for tone, known in _TONES.items()}
    best = max(scores, key=lambda tone: scores[tone])
    return best if scores[best] else ""


@cache
def frames(file: str, section: str) -> tuple[Frame, ...]:
    """The frames of `section` in the file of that name, in their order."""
    return tuple(_frame(line) for line in _sections(file)[section])


@cache
def _sections(file: str) -> dict[str, list[str]]:
    text = (files(__package__) / "frames" / f"{file}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        heading = re.fullmatch(r"== (\S+) ==", line)
        if heading:
            found[heading.group(1)] = []
        elif line.strip():
            found[list(found)[-1]].append(line.strip())
    return found


def _frame(line: str) -> Frame:
    tone, text = re.fullmatch(r"(?:(wry|eerie|solemn|gentle|adventurous): )?(.+)", line).groups("")  # type: ignore[union-attr]
    parts = parted(text)
    leans = tuple(any(name.lower() in _LEANING for name in _SLOT.findall(part)) for part in parts)
    slots = frozenset(name.lower() for name in _SLOT.findall(text))
    return Frame(text, tone, parts, leans, slots, frozenset(folded(_SLOT.sub(" ", text))))


def parted(text: str) -> tuple[str, ...]:
    """The sentences of a frame; what is spoken in one breath stays in one piece."""
    parts: list[str] = []
    for span in sentences(text):
        sentence = text[span.start : span.end]
        if parts and (parts[-1].count('"') % 2 or re.match(r"\{[a-z]", sentence)):
            parts[-1] += f" {sentence}"
        else:
            parts.append(sentence)
    return tuple(parts)


def pairs(file: str, section: str) -> tuple[tuple[str, ...], ...]:
    """Lines of several parts, kept together because they belong to one story."""
    return tuple(
        tuple(part.strip() for part in line.split(" | " if " | " in line else " || "))
        for line in _sections(file)[section]
    )


def fill(sentence: str, slots: dict[str, str]) -> str:
    """A template's sentence with its slots filled; a slot with a capital letter is filled with one.

    Several heroes, or one who is "they", take the plural of "was"; several have several hats.
    """
    if slots.get("he") == "they":
        sentence = re.sub(r"(\{[Hh]e\}(?: [^.;:\"]*, and)?) was(n't)?\b", r"\1 were\2", sentence)
        sentence = _PRESENT.sub(lambda match: f"{match[1]} {'have' if match[2] == 'has' else match[2][:-1]}", sentence)
    if slots.get("hero_was") == "were":
        sentence = re.sub(r"(\{(?:[Aa]_)?[Hh]ero\}(?:[ ,][^.;:\"]*, and)?) was\b", r"\1 were", sentence)
        sentence = re.sub(r"\b([Tt]here) was((?: once)? \{role\})", r"\1 were\2", sentence)
        sentence = _OWN_PARTS.sub(lambda match: match.group() + "s", sentence)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        filled = slots[name.lower()]
        return capitalised(filled) if name[0].isupper() else filled

    return capitalised(_SLOT.sub(value, sentence))


class Chooser:
    """Chooses frames: the wished tone first, none twice, none that speaks of what a fragment speaks of.

    The order of a section is settled by `ground` (the premise); each seed enters it at another place, so neighbours
    differ.
    """

    def __init__(self, ground: str, seed: int, tone: str, sources: Iterable[str], own: str) -> None:
        self.tone = tone
        self._ground = ground
        self._seed = seed
        self._used: set[str] = set()
        self._orders: dict[tuple[str, str], list[Frame]] = {}
        known = content(own) | _COMMON
        read = [content(source) - known for source in sources]
        spread = Counter(word for source in read for word in source)
        # What several fragments speak of points to none of them.
        self._sources = [frozenset(word for word in source if spread[word] < _SPREAD) for source in read]

    def order(self, file: str, section: str) -> list[Frame]:
        """The frames not used yet, the most fitting first."""
        if (file, section) not in self._orders:
            turned = self.turned(f"{file}/{section}", frames(file, section))
            fitting = [frame for frame in turned if frame.tone in ("", self.tone)]
            toned = [at / 2.2 if frame.tone else float(at) for at, frame in enumerate(fitting)]
            # A line that leans on a fragment may share its words; one of the story's own had better not.
            keyed = sorted(
                zip(toned, fitting, strict=True),
                key=lambda pair: (0 if all(pair[1].leans) else self.clash(pair[1].text), pair[0]),
            )
            self._orders[file, section] = [frame for _, frame in keyed]
        return [frame for frame in self._orders[file, section] if frame.text not in self._used]

    def turned(self, name: str, choices: Sequence[T]) -> list[T]:
        """The choices in this premise's order, begun where this seed begins."""
        shuffled = list(choices)
        random.Random(f"{self._ground}\n{name}").shuffle(shuffled)  # noqa: S311, repeatable and no secret
        start = self._seed * 5 % len(shuffled) if len(shuffled) % 5 else self._seed * 3 % len(shuffled)
        return shuffled[start:] + shuffled[:start]

    def clash(self, text: str, let_pass: int | None = None) -> int:
        """How many words of one fragment stand in this text, less the few that are let pass."""
        words = content(_SLOT.sub(" ", text))
        passed = let_pass if let_pass is not None else 1 if len(words) < 10 else 2
        return max((max(0, len(words & source) - passed) for source in self._sources), default=0)

    def use(self, frame: Frame) -> Frame:
        self._used.add(frame.text)
        return frame
