"""Statements of a text that stand by themselves: who did what, in the plain past, with nothing that points outside."""

from __future__ import annotations

import re

from dream.language.hangul import NIEUN, SSANG_SIOT, final
from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.data import either
from dream.storytelling.storytellers.loom.korean.data import words as listed
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, bare, kind, split

MOST_WORDS = 11
_FEWEST_WORDS = 3
_SOLID = ("things", "places", "scenery")
MARKS = re.compile(r"[“”\"‘’'(){}\[\]<>*_#|=~:;…—–/\\]|--|[A-Z]{4,}")
_PAST = re.compile(rf"(?P<stem>.*?[가-힣])(?:{either('past_endings')})[.!。]*$")
_JOINT = re.compile(rf"(?P<stem>.*[가-힣])(?:{either('joints')}),?$")
POINTING = re.compile(rf"^(?:[그이저](?:{either('pointing_tails')})?|{either('pointing_words')})$")
_TIME = re.compile(rf"(?:{either('times')})(?:에|에는|에도|부터|까지|에야)?,?$")
_LONG_AGO = re.compile(rf"(?:{either('long_ago')})(?:에|에는|을|를|의|이|은)?$")
_UNTELLABLE = re.compile(rf"(?:{either('untellable')}|[고라] 했)$")
_STATE = re.compile(rf"(?:{either('states')})$")
_MOVES = re.compile(rf"(?:{either('moves')})$")
_STOCK = re.compile(rf"(?:{either('stock')})")


def doable(clause: Clause) -> bool:
    """Whether somebody else could do the same."""
    moves = _MOVES.search(clause.deed)
    acts = moves or any(split(word)[1] in ("을", "를") for word in clause.deed.split())
    return bool(acts) and seeable(clause)


def seeable(clause: Clause) -> bool:
    """Whether somebody could have stood by and seen it."""
    words = f"{clause.lead} {clause.deed}".split()
    return clause.human and not _STATE.search(clause.deed) and not any(_LONG_AGO.search(bare(word)) for word in words)


def past_stem(word: str) -> str:
    """The past stem of a sentence's last word, "올랐" of "올랐다." or "올랐습니다."; "" where there is none."""
    found = _PAST.match(word)
    stem = found["stem"] if found else ""
    return stem if stem and final(stem) == SSANG_SIOT and stem[-1] not in "있겠" else ""


def statements(sentence: str, lexicon: Lexicon, order: int) -> list[Clause]:
    """The statements of one sentence in order, counted on from `order`."""
    if MARKS.search(sentence) or sum(c.isdigit() for c in sentence) > 4:
        return []
    found: list[Clause] = []
    before: Clause | None = None
    for words in _pieces(sentence.split()):
        clause = _clause(words, lexicon, order + len(found), before)
        if clause:
            found.append(clause)
        before = clause
    return found


def _pieces(words: list[str]) -> list[list[str]]:
    """A sentence cut where a past clause is joined to the next; each piece ends in a past stem."""
    pieces: list[list[str]] = []
    piece: list[str] = []
    for word in words[:-1]:
        joint = _JOINT.match(word)
        if word in listed("backward"):
            continue
        if joint and final(joint["stem"]) == SSANG_SIOT and joint["stem"][-1] not in "있겠":
            pieces.append([*piece, joint["stem"]])
            piece = []
        else:
            piece.append(word)
    stem = past_stem(words[-1])
    return [*pieces, [*piece, stem]] if stem else pieces


def _clause(words: list[str], lexicon: Lexicon, order: int, before: Clause | None) -> Clause | None:
    while words and bare(words[0]) in listed("connectives"):
        words = words[1:]
    at = find_subject(words, lexicon)
    if at is None:
        # A second statement shares the topic of the first, if nothing in it could be a subject of its own.
        if before is None or not before.human or before.mark not in ("은", "는", "은/는"):
            return None
        if any(split(word)[1] in ("은", "는", "이", "가", "만", "도") for word in words):
            return None
        if not any(split(word)[1] in ("을", "를") for word in words):
            return None
        clause = Clause("", before.subject, "은/는", " ".join(words), before.human, order)
    else:
        start, end, mark = at
        lead = _lead(words[:start], lexicon)
        if lead is None:
            return None
        subject = " ".join([*words[start:end], split(words[end])[0]])
        rest = [word for word in words[end + 1 :] if bare(word) not in listed("connectives")]
        deed = _shortened(rest, len(lead.split()) + end - start + 1, lexicon)
        clause = Clause(lead, subject, mark, deed, is_human(subject, lexicon), order)
    return clause if _stands(clause) and _is_whole(clause, lexicon) else None


def _is_whole(clause: Clause, lexicon: Lexicon) -> bool:
    """Whether its subject is the one that its last verb belongs to, as far as the particles tell."""
    deed = clause.deed.split()
    # "먹지 않았으니 흥정은 깨졌다": what stands right before the verb with a topic's mark is what it tells of.
    if len(deed) > 1 and split(deed[-2])[1] in ("은", "는"):
        return False
    if any(split(word)[1] in ("은", "는") and _acts(word, lexicon) for word in deed):
        return False
    # "서윤은 ... 들렀다가 해가 졌다": the last verb has a subject of its own, unless it only says what there is.
    if len(deed) > 1 and split(deed[-2])[1] in ("이", "가") and not re.search(r"(?:있었|없었|되었|아니었)$", deed[-1]):
        return False
    if clause.mark not in ("이", "가"):
        return True
    modifies = any(final(word) == NIEUN or word.endswith("는") for word in deed[:2] if not lexicon.is_noun(word))
    others = [
        word
        for word in deed
        if split(word)[1] in ("이", "가") and word not in listed("no_subject") and not word.endswith("다가")
    ]
    return (
        not modifies
        and all(lexicon.is_noun(bare(word)) for word in others)
        and not re.search(r"(?:였|이었)$", clause.deed)
    )


def _stands(clause: Clause) -> bool:
    words = str(clause.told).split()
    deed = clause.deed.split()
    return (
        _FEWEST_WORDS <= len(words) <= MOST_WORDS
        and len(deed) > 1
        and not any(POINTING.match(bare(word)) for word in words)
        and not _UNTELLABLE.search(clause.deed)
        and not clause.deed.endswith(",")
        and not _STOCK.match(clause.deed)
        and (len(deed) > 2 or any(len(split(word)[0]) > 1 and kind(split(word)[0]) in _SOLID for word in deed))
    )


def find_subject(words: list[str], lexicon: Lexicon) -> tuple[int, int, str] | None:
    """Where the first subject stands: its first word, its last word, and its particle."""
    for end, word in enumerate(words[:5]):
        noun, particle = split(word)
        if particle not in ("은", "는", "이", "가", "도") or word[-1:] == "," or lexicon.is_noun(bare(word)):
            continue
        start = _start(words, end, noun, lexicon)
        if particle == "이" and end + 1 < len(words) and kind(split(words[end + 1])[0]) in ("kin", "people"):
            continue  # "연이 어머니는": the name ends in 이
        owned = start < end and (split(words[start])[1] == "의" or words[start] in ("늙은", "젊은", "어린"))
        whole = (len(noun) > 1 or owned) and lexicon.is_noun(noun)
        whole |= start < end and (noun == "사람들" or (noun.endswith("들") and lexicon.is_noun(noun[:-1])))
        if whole and not (kind(noun) == "kin" and start == end):
            return start, end, particle
    return None


def _start(words: list[str], end: int, noun: str, lexicon: Lexicon) -> int:
    """Where the noun phrase that ends in `noun` begins: after its owner, title or plain adjective."""
    start = end
    while start > 0 and end - start < 3:
        before = words[start - 1]
        owner, particle = split(before)
        if POINTING.match(bare(before)) or before.endswith(",") or _TIME.search(before):
            break
        owned = particle == "의" and (lexicon.is_noun(owner) or len(owner) > 1)
        plain = (
            bare(before) in listed("adjectives") or lexicon.pair(bare(before), noun) or lexicon.is_noun(bare(before))
        )
        if not (owned or plain):
            break
        start -= 1
    return start


def _lead(words: list[str], lexicon: Lexicon) -> str | None:
    """What stands before the subject: kept if it names a place, "" if it names a time, None if it says more."""
    if not words or (len(words) < 6 and _TIME.search(words[-1])):
        return "" if len(words) < 4 else None
    noun, particle = split(words[-1])
    if len(words) < 4 and particle in listed("placed") and (lexicon.is_noun(noun) or kind(noun) == "vague"):
        return None if any(_acts(word, lexicon) for word in words[:-1]) else " ".join(words).rstrip(",")
    return None


def _shortened(words: list[str], held: int, lexicon: Lexicon) -> str:
    """The deed, without what stands before its last comma where it would be too long."""
    commas = [i for i, word in enumerate(words[:-2]) if word.endswith(",")]
    if held + len(words) > MOST_WORDS and commas:
        tail = words[commas[-1] + 1 :]
        joined = re.search(r"(?:고|며|서|다가),$", words[commas[-1]])
        if joined and not any(_acts(word, lexicon) for word in tail):
            # What is left must still say what was done to what.
            words = tail if any(split(word)[1] in ("을", "를") for word in tail) else words
    return " ".join(words)


def _acts(word: str, lexicon: Lexicon) -> bool:
    noun, particle = split(word)
    return (
        particle in ("은", "는", "이", "가")
        and not lexicon.is_noun(bare(word))
        and (lexicon.is_noun(noun) or kind(noun) == "vague")
    )


def is_human(subject: str, lexicon: Lexicon) -> bool:
    last = subject.rsplit(maxsplit=1)[-1]
    return lexicon.is_person(last) or kind(last) == "kin" or last.endswith("사람들")
