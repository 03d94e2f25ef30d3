"""A clause of a fragment inside a sentence of the story's own, with no long run of the fragment's words left
standing."""

from __future__ import annotations

from dataclasses import replace

from dream.storytelling.storytellers.loom.english.clauses import Clause
from dream.storytelling.storytellers.loom.english.cutting import BREAKS, cut_off, in_series, whole
from dream.storytelling.storytellers.loom.english.vocabulary import is_determiner, is_past
from dream.storytelling.storytellers.loom.english.words import longest_shared_run, spelled, tokens

# Two below what counts as copied, since the words of the neighbouring sentences may prolong a run by chance.
RUN_LIMIT = 10
# Not before "who" or "which": an aside would part them from whom they speak of.
_JOINTS = frozenset("and but when while until because though as so whereupon after before till if".split())


def wordings(clause: Clause, source: str, tags: list[str]) -> list[Clause]:
    """The clause in forms that share no more than a short run with its source, the fullest first; [] where there is
    none."""
    if longest_shared_run(clause.text, source) <= RUN_LIMIT:
        return [clause]
    found = []
    for tag in tags:
        for cut in _joints(tokens(clause.text)):
            changed = _interrupted(clause, cut, tag)
            if changed and longest_shared_run(changed.text, source) <= RUN_LIMIT:
                found.append(changed)
                break
    short = _shortened(clause, source)
    return [*found, short] if short else found


def _joints(words: list[str]) -> list[int]:
    """Where a clause can be interrupted, from its middle outwards: at a comma, or before "and" and a verb."""
    found = []
    for at, word in enumerate(words[2:-2], 2):
        following = words[at + 1].lower()
        if (word == "," and following in _JOINTS and _tells(words[at + 2 : at + 8])) or (
            word == "and" and is_past(following) and words[at - 1] != ","
        ):
            found.append(at)
    return sorted(found, key=lambda at: abs(at - len(words) // 2))


def _tells(words: list[str]) -> bool:
    """Whether a verb stands among these words: what follows "and" is then more than one more thing."""
    return any(
        is_past(word.lower()) and not (at and is_determiner(words[at - 1].lower())) for at, word in enumerate(words)
    )


def _interrupted(clause: Clause, at: int, tag: str) -> Clause | None:
    """The clause with an aside at word `at`, in all its forms."""

    def cut(text: str, where: int) -> str:
        words = tokens(text)
        if words[where] == ",":
            return spelled([*words[: where + 1], *tokens(tag), *words[where:]])
        return spelled([*words[: where + 1], ",", *tokens(tag), ",", *words[where + 1 :]])

    length = len(tokens(clause.subject))
    predicate = cut(clause.predicate, at - length) if clause.subject and at > length else clause.predicate
    lowered = cut(clause.lowered, at) if clause.lowered else ""
    return (
        replace(clause, text=cut(clause.text, at), lowered=lowered, predicate=predicate)
        if not clause.subject or at > length
        else None
    )


def _shortened(clause: Clause, source: str) -> Clause | None:
    """The longest beginning of the clause that stands by itself and shares no long run with the source."""
    words = tokens(clause.text)
    length = len(tokens(clause.subject))
    least = max(length + 3, 5) if clause.subject else 7
    for end in range(len(words) - 1, least - 1, -1):
        kept = words[: end - 1] if words[end - 1] == "," else words[:end]
        cuttable = words[end].lower() in BREAKS or in_series(words, end)
        if not cuttable or len(kept) < least or cut_off(kept) or not whole(kept, length) or kept[-1].lower() in BREAKS:
            continue
        if not (clause.subject or clause.custom or _tells(kept)):
            continue  # "the water in the ribs of the sand", without what it did
        if longest_shared_run(spelled(kept), source) <= RUN_LIMIT:
            lowered = spelled(tokens(clause.lowered)[: len(kept)])
            return replace(
                clause, text=spelled(kept), lowered=lowered, predicate=spelled(kept[length:]) if clause.subject else ""
            )
    return None
