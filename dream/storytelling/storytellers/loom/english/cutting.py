"""Where a clause can be cut without breaking it."""

from __future__ import annotations

from dream.storytelling.storytellers.loom.english.vocabulary import function_words, is_determiner, is_past

# Words that a clause can begin with before its subject comes.
LEADS = frozenset(
    """
        in on at by under from during after before when while as since until with without beyond near through once
        behind above across below""".split()
)
# Words before which a clause may end.
BREAKS = frozenset("and but who which when while as because for so with until where whereupon till".split())
_UNFINISHED = frozenset("was were is are had has could would should might did must so such more less than as".split())
_RELATIVES = frozenset("who which whose".split())
_JOINING = frozenset("but for while when because that if as until whereupon".split())
_MAY_CLOSE = frozenset("him her it them himself herself back away down up out off in on home again".split())


def in_series(words: list[str], at: int) -> bool:
    """Whether the comma at `at` stands before a further verb: "went home, came back"."""
    return words[at] == "," and at + 1 < len(words) and is_past(words[at + 1].lower())


def cut_off(kept: list[str]) -> bool:
    """Whether a shortened clause ends in the middle of something: a series, a comparison, a clause without its verb."""
    if "," in kept:
        last = kept[len(kept) - kept[::-1].index(",") :]
        dropped = last[:1] in (["and"], ["but"], ["or"]) and not any(is_past(word.lower()) for word in last)
        if (
            dropped
            or len(last) < 3
            or is_past(last[0].lower())
            or last[0][:1].isupper()
            or is_determiner(last[0].lower())
        ):
            return True
    if _left_waiting(kept):
        return True
    if kept[-1].lower() in _UNFINISHED or {"so", "such", "too", "as", "more", "less", "both", "either", "neither"} & {
        word.lower() for word in kept[-5:]
    }:
        return True
    for at in range(len(kept) - 1, 0, -1):
        if kept[at].lower() in {"that", "which", "who", "when", "if", "because", "what", "how", "where"}:
            return not any(is_past(word.lower()) for word in kept[at + 1 :])
    return kept[-1].lower() in function_words() - {*_MAY_CLOSE}


def _left_waiting(kept: list[str]) -> bool:
    """Whether it ends in what is said of someone who has not done anything yet: "..., but the King, who was old"."""
    low = [word.lower() for word in kept]
    relative = max(
        (at for at, word in enumerate(low) if at > 1 and word in _RELATIVES and low[at - 1] == ","), default=0
    )
    if not relative or "," in low[relative:]:
        return False
    joint = next((at for at in range(relative - 2, 0, -1) if low[at] in _JOINING), 0)
    return bool(joint) and not any(is_past(word) for word in low[joint + 1 : relative])


def whole(words: list[str], verb: int) -> bool:
    """Whether the clause has a main verb where one can't be pointed at."""
    if verb:
        return True
    if words[0].lower() in LEADS:
        if "," not in words:
            return False
        rest = words[words.index(",") + 1 :]
        return len(rest) > 2 and any(is_past(word.lower()) for word in rest[1:])
    if "," in words[1:5]:
        behind = words[words.index(",") + 1 :]
        return "," in behind and is_past(
            behind[behind.index(",") + 1].lower() if behind.index(",") + 1 < len(behind) else ""
        )
    return True
