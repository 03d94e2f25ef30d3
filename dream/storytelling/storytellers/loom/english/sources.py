"""The fragments of one request, read once: which clauses, sayings and things each of them has to give."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.english.clauses import Clause, clauses_of, names_in
from dream.storytelling.storytellers.loom.english.findings import Saying, Token, oddness, sayings_in, tokens_in
from dream.storytelling.storytellers.loom.english.hero import Figure
from dream.storytelling.storytellers.loom.english.words import content, longest_shared_run, word_count
from dream.storytelling.storytellers.loom.reading import Passage

_KEPT = 14
_GAP = 4
_HEARD = 5  # words in a row that no two sentences share by chance


@dataclass(slots=True)
class Source:
    """A fragment; what has been told from it is taken out of its lists, and `last` is the latest line that leans on
    it."""

    passage: Passage
    clauses: list[Clause]
    sayings: list[Saying]
    tokens: list[Token]
    worth: dict[str, float]
    told: list[Clause] = field(default_factory=list)
    last: str = ""

    def saying(self) -> Saying | None:
        """The saying that means most by itself, taken out."""
        best = min(self.sayings, key=oddness, default=None)
        if best:
            self.sayings.remove(best)
        return best

    def exchange(self) -> tuple[Saying, Saying] | None:
        """Two sayings that follow on each other, taken out."""
        if len(self.sayings) < 2:
            return None
        at = min(range(len(self.sayings) - 1), key=lambda at: oddness(self.sayings[at]) + oddness(self.sayings[at + 1]))
        return self.sayings.pop(at), self.sayings.pop(at)

    @property
    def promise(self) -> float:
        """How much there is to tell from it."""
        return sum(sorted((self.worth[clause.text] for clause in self.clauses), reverse=True)[:4])

    def stretch(self, count: int, among: list[Clause]) -> list[Clause]:
        """Up to `count` clauses that follow closely on one another, in their order: the stretch with the most to
        tell."""
        open_ = sorted(among, key=lambda clause: (clause.sentence, clause.part))
        best: list[Clause] = []
        for start in range(len(open_)):
            run = [open_[start]]
            for clause in open_[start + 1 :]:
                if len(run) < count and clause.sentence - run[-1].sentence <= _GAP:
                    run.append(clause)
            if sum(self.worth[c.text] for c in run) > sum(self.worth[c.text] for c in best):
                best = run
        return best

    @property
    def number(self) -> int:
        return self.passage.number


def sources_of(passages: tuple[Passage, ...], hero: Figure, wanted: str, told: str, rng: random.Random) -> list[Source]:
    """The sources that have anything to give, best material first; `wanted` is what the story is about, `told` what
    is known already."""
    names = names_in(passages)
    asked = content(wanted)
    heard = [content(told[span.start : span.end]) for span in sentences(told)]
    found = []
    for passage in passages:
        read = [_told_apart(clause, hero) for clause in clauses_of(passage, names)]
        clauses = [clause for clause in read if len(content(clause.text)) >= 3 and not _known(clause, heard, told)]
        ranked = sorted(clauses, key=lambda clause: -_worth(clause, asked) - rng.random() * 1.5)[:_KEPT]
        sayings = [saying for saying in sayings_in(passage) if saying.words.rstrip(",.") not in told]
        things = [token for token in tokens_in(passage) if token.later not in told]
        source = Source(
            passage, ranked, sayings, things, {clause.text: _worth(clause, asked) + rng.random() for clause in ranked}
        )
        if source.clauses or source.sayings or source.tokens:
            found.append(source)
    return found


def _known(clause: Clause, heard: list[frozenset[str]], told: str) -> bool:
    """Whether an earlier scene has told this already, whole or in part, in whatever frame."""
    own = content(clause.text)
    whole = any(len(own & sentence) * 5 >= len(own) * 4 for sentence in heard)
    return whole or longest_shared_run(clause.text, told) >= _HEARD


def _told_apart(clause: Clause, hero: Figure) -> Clause:
    """The clause with whoever bears the hero's own description as "the other ferryman"."""
    noun = hero.name.split()[-1]
    if hero.plural or not hero.name.startswith("the ") or noun not in clause.text.lower():
        return clause
    own = re.compile(rf"\b([Tt]he|[Aa]n?) (?:old |young )?{re.escape(noun)}\b")

    def apart(text: str) -> str:
        return own.sub(
            lambda match: (
                {"the": "the other", "The": "The other"}.get(
                    match.group(1), "Another" if match.group(1)[0] == "A" else "another"
                )
                + f" {noun}"
            ),
            text,
        )

    return replace(
        clause,
        text=apart(clause.text),
        lowered=apart(clause.lowered),
        subject=apart(clause.subject),
        predicate=apart(clause.predicate),
    )


def _worth(clause: Clause, asked: frozenset[str]) -> float:
    """How much a clause has to tell: someone who does something concrete, in few words, near to what was asked."""
    words = word_count(clause.text)
    worth = 2.0 * clause.person + 1.0 * bool(clause.subject) + 0.4 * min(8, len(content(clause.text)))
    worth += 1.2 * min(3, len(asked & content(clause.text))) + (
        1.0 if 6 <= words <= 16 else 0.0 if words <= 22 else -1.0
    )
    worth -= 1.5 * clause.gesture
    return worth - 0.5 * clause.resumed - 2.5 * clause.vague - 0.6 * clause.custom - (0.0 if clause.lowered else 0.5)
