"""A clause of a fragment inside a sentence of the story's own, with no long run of the fragment's words left standing."""

from __future__ import annotations

from dataclasses import replace

from dream.storytelling.storytellers.loom.english.clauses import Clause
from dream.storytelling.storytellers.loom.english.vocabulary import is_past
from dream.storytelling.storytellers.loom.english.words import longest_shared_run, spelled, tokens

RUN_LIMIT = 11
_JOINTS = frozenset("and but when while until which who where because though as so whereupon after before till if".split())
_LOOSE = frozenset("and but who which when while because so with until where whereupon till as".split())


def wordings(clause: Clause, source: str, tags: list[str]) -> list[Clause]:
    """The clause in forms that share no more than a short run with its source, the fullest first; [] where there is none."""
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
        if word == "," and following in _JOINTS:
            found.append(at)
        elif word == "and" and is_past(following) and words[at - 1] != ",":
            found.append(at)
    return sorted(found, key=lambda at: abs(at - len(words) // 2))


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
    return replace(clause, text=cut(clause.text, at), lowered=lowered, predicate=predicate) if not clause.subject or at > length else None


def _shortened(clause: Clause, source: str) -> Clause | None:
    """The longest beginning of the clause that is short enough and ends before a joint."""
    words = tokens(clause.text)
    length = len(tokens(clause.subject))
    least = max(length + 3, 5) if clause.subject else 7
    for end in range(len(words) - 1, least - 1, -1):
        joint = words[end] == "," or words[end].lower() in _LOOSE
        if not joint or (not clause.subject and not any(is_past(word.lower()) for word in words[1:end])):
            continue
        kept = words[: end - 1] if words[end - 1] == "," else words[:end]
        if kept and kept[-1].lower() not in _LOOSE and longest_shared_run(spelled(kept), source) <= RUN_LIMIT and len(kept) >= least:
            lowered = spelled(tokens(clause.lowered)[: len(kept)])
            return replace(clause, text=spelled(kept), lowered=lowered, predicate=spelled(kept[length:]) if clause.subject else "")
    return None
