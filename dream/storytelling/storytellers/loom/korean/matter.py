"""What a passage holds for a story: statements, sayings, persons, places, and things that can be handed over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.data import words as listed
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, bare, kind, split
from dream.storytelling.storytellers.loom.korean.sayings import Saying, sayings
from dream.storytelling.storytellers.loom.korean.statements import MARKS, POINTING, statements
from dream.storytelling.storytellers.loom.reading import Passage

_PLACES = {"places", "places?"}
_SIGHTS = {"things", "scenery", "animals", "places"}


@dataclass(slots=True)
class Matter:
    """One passage, taken apart. Lists keep the passage's order."""

    passage: Passage
    clauses: list[Clause] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    sights: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.passage.number

    def persons(self) -> list[str]:
        """Who acts in it, most often first."""
        acting = Counter(clause.subject for clause in self.clauses if clause.human)
        return [person for person, _ in acting.most_common()]


def take_apart(passage: Passage, lexicon: Lexicon) -> Matter:
    text = passage.text
    matter = Matter(passage)
    for span in sentences(text):
        matter.clauses.extend(statements(" ".join(text[span.start : span.end].split()), lexicon, len(matter.clauses)))
    if passage.quotable:
        matter.sayings = sayings(text, lexicon)
    words = MARKS.sub(" ", text).split()
    of_things = listed("of_things")
    matter.things = _named(words, lexicon, {"things"}, of_things)
    matter.places = _named(words, lexicon, _PLACES, listed("of_places"))
    matter.sights = _named(words, lexicon, _SIGHTS, of_things | {"", "과", "와", "에서", "에는"})
    return matter


def _named(words: list[str], lexicon: Lexicon, kinds: set[str], particles: frozenset[str]) -> list[str]:
    """Nouns of these kinds, with the owner, material or plain adjective before them, in order and each once."""
    found: dict[str, None] = {}
    for at, word in enumerate(words):
        noun, particle = split(word)
        if particle not in particles or kind(noun) not in kinds or len(noun) == 1:
            continue
        before = bare(words[at - 1]) if at and not words[at - 1].endswith((",", ".", "?", "!")) else ""
        material = kind(before) in ("things", "scenery", "places") and len(before) > 1
        owner, mark = split(before)
        owned = mark == "의" and lexicon.is_noun(owner)
        phrase = f"{before} {noun}" if before and (material or owned or before in listed("adjectives")) else noun
        if not any(POINTING.match(part) for part in phrase.split()):
            found.setdefault(phrase)
    return list(found)
