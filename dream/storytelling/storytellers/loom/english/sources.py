"""The fragments of one request, read once: which clauses, sayings and things each of them has to give."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from dream.storytelling.storytellers.loom.english.clauses import Clause, clauses_of, names_in
from dream.storytelling.storytellers.loom.english.findings import Saying, Token, sayings_in, tokens_in
from dream.storytelling.storytellers.loom.english.words import content, word_count
from dream.storytelling.storytellers.loom.reading import Passage

_KEPT = 14


@dataclass(slots=True)
class Source:
    """A fragment; what has been told from it is taken out of its lists."""

    passage: Passage
    clauses: list[Clause]
    sayings: list[Saying]
    tokens: list[Token]
    told: list[Clause] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.passage.number


def sources_of(passages: tuple[Passage, ...], wanted: str, told: str, rng: random.Random) -> list[Source]:
    """The sources that have anything to give, best material first; `wanted` is what the story is about, `told` what is known already."""
    names = names_in(passages)
    asked = content(wanted)
    found = []
    for passage in passages:
        clauses = [clause for clause in clauses_of(passage, names) if clause.text not in told and len(content(clause.text)) >= 3]
        ranked = sorted(clauses, key=lambda clause: -_worth(clause, asked) - rng.random() * 1.5)[:_KEPT]
        sayings = [saying for saying in sayings_in(passage) if saying.words.rstrip(",.") not in told]
        rng.shuffle(sayings)
        source = Source(passage, ranked, sayings, tokens_in(passage))
        if source.clauses or source.sayings or source.tokens:
            found.append(source)
    return found


def _worth(clause: Clause, asked: frozenset[str]) -> float:
    """How much a clause has to tell: someone who does something concrete, in few words, near to what was asked."""
    words = word_count(clause.text)
    worth = 2.0 * clause.person + 1.0 * bool(clause.subject) + 0.4 * min(8, len(content(clause.text)))
    worth += 1.2 * min(3, len(asked & content(clause.text))) + (1.0 if 6 <= words <= 16 else 0.0 if words <= 22 else -1.0)
    return worth - 0.5 * clause.resumed - 0.6 * clause.custom - (0.0 if clause.lowered else 0.5)
