"""What happens in a fragment, as clauses that stand by themselves: a subject one can name, a finite verb, nothing
left dangling."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.english.cutting import BREAKS, LEADS, cut_off, in_series, whole
from dream.storytelling.storytellers.loom.english.dangling import dangles
from dream.storytelling.storytellers.loom.english.people import People
from dream.storytelling.storytellers.loom.english.vocabulary import (
    function_words,
    is_adverb,
    is_determiner,
    is_past,
    is_person,
    is_plural,
    is_thing,
    known_nouns,
    preposition,
    singular,
)  # fmt: skip
from dream.storytelling.storytellers.loom.english.words import spelled, tokens
from dream.storytelling.storytellers.loom.reading import Passage

_BOILERPLATE = re.compile(
    r"gutenberg|copyright|e-?book|licen[cs]e|chapter|contents|illustrat|www\.|https?:|transcrib|footnote|published|edition|\bvol\b",
    re.IGNORECASE,
)
# Words that tie a sentence to the one before it, or to an hour that only the fragment knows.
_TIES = (
    "and but so then now well yet however for indeed meanwhile thereupon whereupon nevertheless accordingly "
    "therefore or still thus soon presently suddenly afterwards finally immediately straightway instantly "
    "unfortunately luckily fortunately again here "
).split()
_TIED = (
    "at last; at length; at once; at first; in the end; in time; in short; in fact; in this way; in the "
    "meantime; in the morning; in the evening; by and by; of course; to be sure; after that; after this; "
    "after a while; after some time; just then; just as; one fine day; one fine morning; a moment later; a "
    "little later; soon after; soon afterwards; once upon a time; long ago; in those days; no doubt; day "
    "after day; before long; once more; every day; every morning; every evening; every night; every year "
).split(";")
_WHICH_HOUR = r"(?:one|the next|next|that|the following|the same) (?:day|morning|evening|night|afternoon)"
_JOINING = re.compile(
    rf"^(?:(?:{'|'.join((_WHICH_HOUR, *map(str.strip, _TIED), *_TIES))})\b,?\s+(?!of\b))+", re.IGNORECASE
)
_ARCHAIC = re.compile(
    r"\b(?:thou|thee|thy|thine|hath|doth|art|ye|quoth|unto|saith|wilt|shalt|dost|'tis|o'er|e'er|ne'er|o')\b",
    re.IGNORECASE,
)
_SINGLE_SPEECH = re.compile(r"(?<![\w])'(?=[A-Z])([^'\"]*(?:(?<=\w)'(?=\w)[^'\"]*)*[,.!?])'(?!\w)")
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_OPENERS = frozenset(
    """the a an every each no nobody everyone everybody nothing some many most all one two three four five six seven
    several in on at by under from during after
    before when while as since until with without beyond near through once old there behind above across below
    inside outside""".split()
)
# Alone before a verb, these stand for someone whom only an earlier sentence named: "one laughed, another wept".
_WHERE = frozenset("inside outside below above behind".split())
_COUNTED = frozenset("one two three four five six seven several each another".split())
# Speech that a tale reports without marks: "she could not, was her answer"; "it is late, said the man".
_UNMARKED_SPEECH = re.compile(
    r",\s*(?:(?:was|came) (?:his|her|their|the)(?: \w+)? (?:answer|reply|thought|cry|command|question|response)"
    r"|(?:said|thought|cried|answered|replied) (?:he|she|they|the|an?|[A-Z]))\b"
)
_SAYS = r"(?:said|cried|asked|called|answered|replied|thought|shouted|whispered|exclaimed)"
_UNSAID = re.compile(rf"\b{_SAYS}\b(?!.*\b(?:that|how|why|what|whether|if|for|of|about|nothing)\b)")
# A condition without its consequence, words that announce speech or writing, and what was named before.
_UNSURE = re.compile(
    r"\bthat if\b[^,]*$|\b(?:saying|thinking|crying|whispering)(?: to (?:him|her|them)sel\w+)?$"
    r"|\b(?:wrote|read|ran), [A-Z]|\bthat much$"
)
_STARTS_VERBLESS = frozenset("which who whom whose that".split())
_PERFECT = re.compile(
    r"\b(?:has|have|is|are) (?:\w+ly )?(?:\w+ed|been|\w+ing|gone|lost|come|taken|given|seen|made|done)\b"
)
_STATES = frozenset(
    """
        was were had could would should might did ought used knew lived belonged seemed dwelt lay stood kept owned
        consisted contained meant""".split()
)
_LEAST, _MOST = 4, 30
# What somebody does who is seen, and of whom nobody would tell it: "opened her mouth", "blew his nose for some time".
_GESTURE = re.compile(
    r"(?:had )?(?:\w+ly )?(?:"
    r"(?:opened|shut|closed|wiped|rubbed|lowered|raised|lifted|rolled|narrowed|dried|blew|blown|scratched|shook|shaken"
    r"|bowed|bent|cleared|licked|bit|bitten|wrung|folded|crossed|clapped|held up) (?:his|her|its|their) (?:own )?"
    r"(?:arms?|brows?|chin|eyebrows?|eyes?|faces?|fingers?|hands?|heads?|lips?|mouths?|noses?|throats?)"
    r"|(?:put|laid|set) (?:his|her|their) \w+ down(?! (?:an?|the|his|her|their)\b)|turned up (?:his|her|their) collars?"
    r"|(?:was|were) (?:laughing|smiling)|leaned|nodded|smiled|grinned|frowned|sighed|shrugged|yawned|coughed|sneezed"
    r"|sniffed|blinked|winked|blushed|hesitated|stared|glanced|gazed|drew breath|drawn breath"
    r"|looked (?:up|down|at|round|around|away|out|back)|turned (?:round|around|away|to look)|sat (?:down|back)"
    r"|got up|stood up"
    r")\b"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """`subject` and `predicate` where the line between them is certain, "" otherwise; `lowered` fits into the middle
    of a sentence.

    `sentence` counts within the fragment, `part` within the sentence; `custom` is true of what holds always
    rather than once, `event` of what someone or something does at one moment.
    """

    text: str
    lowered: str
    subject: str
    predicate: str
    passage: int
    sentence: int
    part: int
    custom: bool
    person: bool
    event: bool
    resumed: bool = False

    @property
    def vague(self) -> bool:
        """Whether its subject is anyone, since the fragment does not say who."""
        return self.subject.lower() in {"a man", "a woman", "the man", "the woman", "some people"}

    @property
    def gesture(self) -> bool:
        """Whether it is only how somebody moved a hand or a face: to be seen, not to be told from house to house."""
        return bool(_GESTURE.match(self.predicate))


def clauses_of(passage: Passage, names: frozenset[str]) -> list[Clause]:
    """The usable clauses of a fragment in their order. `names` are the words that are names in any of the fragments."""
    text = plain(passage.text)
    found: list[Clause] = []
    people = People(text, names)
    for number, span in enumerate(sentences(text)):
        sentence = text[span.start : span.end]
        read = [] if _within_speech(text, span.start) else _read(sentence, passage.number, number, names, people)
        found.extend(read)
        people.follow(sentence, read[0].subject if read and read[0].person and not read[0].resumed else "")
    return found


def _within_speech(text: str, at: int) -> bool:
    """Whether a speech that began earlier in the paragraph goes on at `at`."""
    return text[text.rfind("\n\n", 0, at) + 1 : at].count('"') % 2 == 1


def names_in(passages: tuple[Passage, ...]) -> frozenset[str]:
    """Words that stand capitalised within sentences and never in lower case."""
    upper: Counter[str] = Counter()
    lower: set[str] = set()
    for passage in passages:
        text = plain(passage.text)
        for span in sentences(text):
            words = [word for word in tokens(text[span.start : span.end]) if word[0].isalpha()]
            lower.update(word for word in words if word.islower())
            upper.update(word for word in words[1:] if word[0].isupper() and not word.isupper())
            if len(words) > 1 and words[0][0].isupper() and words[1][0].isupper():
                upper.update(words[:1])
    common = function_words() | {"sir", "madam"}
    return frozenset(word for word in upper if word.lower() not in lower and word.lower() not in common)


def plain(text: str) -> str:
    """The text with straight double quotation marks for speech, and without asides and markup."""
    text = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
    text = _SINGLE_SPEECH.sub(r'"\1"', text)
    text = re.sub(r"(?m)^\s*(?:#+|[-*•]\s|\d+[.)])\s*", "", text)
    text = re.sub(r"[*_`]+", "", text)
    return re.sub(r"\s*(?:--+|—|–)\s*", " -- ", _ASIDE.sub("", text))


def _read(sentence: str, passage: int, number: int, names: frozenset[str], people: People) -> list[Clause]:
    """The clauses of one sentence."""
    whole = re.sub(r"^[A-Z]{2,}\b", lambda match: match.group().capitalize(), re.sub(r"\s+", " ", sentence).strip())
    whole = re.sub(r"(?<=[Aa] )[A-Z]{3,}\b", lambda match: match.group().lower(), whole)
    if '"' in whole:
        whole = _before_speech(whole)
    if (
        not whole
        or whole.endswith(("?", ":"))
        or _BOILERPLATE.search(whole)
        or _ARCHAIC.search(whole)
        or _UNMARKED_SPEECH.search(whole)
        or _shouted(whole)
    ):
        return []
    found = []
    for part, piece in enumerate(re.split(r";\s+| -- ", whole.rstrip(".!…; "))):
        clause = _clause(piece.strip(" ,:"), passage, number, part, names, people if part == 0 else None)
        if clause:
            found.append(clause)
    return found


def _before_speech(sentence: str) -> str:
    """What a sentence tells before someone speaks in it, "" where it tells nothing."""
    told = re.split(r"[,:]?\s*\"", sentence, maxsplit=1)[0]
    told = re.sub(
        rf"(?:,|\s+and|\s+then)?\s+(?:\w+\s+)?{_SAYS},?(?:\s+[\w']+){{0,5}}$",
        "",
        told,
    )
    told = re.sub(
        r"(?:,\s*(?:and|but|for|which|who|so|while)\b[^,]{0,14}|,\s*\w+|\s+(?:and|but|that|which|with|to|as))$",
        "",
        told,
    )
    return told if len(told.split()) >= _LEAST and not _UNSAID.search(told) else ""


def _shouted(text: str) -> bool:
    words = [word for word in text.split() if word.isalpha() and len(word) > 1]
    loud = sum(word.isupper() for word in words)
    return loud > 1 or sum(c.isdigit() for c in text) > 4 or not text[:1].isalpha() or "/" in text or "|" in text


def _clause(
    piece: str, passage: int, number: int, part: int, names: frozenset[str], people: People | None
) -> Clause | None:
    words = tokens(_JOINING.sub("", piece))
    words = [word for word in words if word.lower() not in {"therefore", "however", "accordingly", "moreover"}]
    words = [word for at, word in enumerate(words) if not (word == "," and words[at + 1 : at + 2] == [","])]
    words, resumed = people.resolved(words) if people else (words, False)
    words = _sound(words, names)
    if not words:
        return None
    verb = _verb(words, names)
    custom = verb == 0 and any(word in {"is", "are", "has", "can", "may", "must", "never", "always"} for word in words)
    if (
        (custom and resumed)
        or "sooner" in words
        or not whole(words, verb)
        or (verb == 0 and _PERFECT.search(" ".join(words)))
    ):
        return None
    if verb == 0 and not custom and not any(is_past(word) for word in words if word.islower()):
        return None
    subject, predicate = (spelled(words[:verb]), spelled(words[verb:])) if verb else ("", "")
    if _UNSURE.search(predicate) or (resumed and _is_of_nobody(subject, words[verb:])):
        return None
    person = bool(verb) and _is_someone(words[:verb], names)
    event = bool(verb) and _happens(words[verb:])
    return Clause(
        spelled(words),
        _lowered(words, names),
        subject,
        predicate,
        passage,
        number,
        part,
        custom,
        person,
        event,
        resumed,
    )


def _is_of_nobody(subject: str, predicate: list[str]) -> bool:
    """Whether it only says what someone unknown is, "a woman was a tall woman", which tells nothing."""
    vague = re.fullmatch(r"(?:a|the) (?:wo)?man|some people", subject, re.IGNORECASE)
    is_one = len(predicate) > 1 and predicate[0] in {"was", "were", "became"}
    return bool(vague) and is_one and (is_determiner(predicate[1].lower()) or predicate[1][:1].isupper())


def _happens(predicate: list[str]) -> bool:
    first = next((word.lower() for word in predicate if not is_adverb(word.lower())), "")
    return first not in _STATES and not (
        {"never", "always", "often", "seldom"} & {word.lower() for word in predicate[:2]}
    )


def _sound(words: list[str], names: frozenset[str]) -> list[str]:
    """The longest beginning of these words that stands by itself, [] where none does."""
    if len(words) < _LEAST or not _opens(words, names):
        return []
    first = words.index(",") + _LEAST if words[0].lower() in LEADS and "," in words else _LEAST
    ends = [at for at, word in enumerate(words) if at > first and (word.lower() in BREAKS or in_series(words, at))]
    for end in [len(words), *sorted(ends, reverse=True)]:
        kept = words[:end]
        while kept and (kept[-1] in {",", ":"} or kept[-1].lower() in BREAKS | {"so"}):
            kept = kept[:-1]
        bare = [word for word in kept if word[0].isalpha()]
        if end < len(words) and cut_off(kept):
            continue
        if _LEAST <= len(bare) <= _MOST and not dangles(kept, names) and (end == len(words) or _verb(kept, names)):
            return kept
    return []


def _opens(words: list[str], names: frozenset[str]) -> bool:
    first = words[0]
    if first in names:
        return True
    low = first.lower()
    alone = low in _COUNTED | _WHERE and is_past(words[1].lower())
    timed = low in {"every", "each"} and words[1].lower() == "time"
    if alone or timed or words[1].lower() in {"sooner", "longer", "matter", "wonder", "doubt"}:
        return False
    if low == "there":
        return words[1].lower() in {"was", "were", "lived", "stood", "came", "had"}
    if low in LEADS:
        return "," in words[2:12] and _opens_behind(words, names)
    if low in {"some", "another"} and words[1] in {"people", "man", "woman"}:
        return True
    return (low in _OPENERS and words[1].lower() not in {"of", "which"}) or (
        low in {"people", "children", "men", "women"} and not first.isupper()
    )


def _opens_behind(words: list[str], names: frozenset[str]) -> bool:
    """Whether a sound subject follows the introductory phrase."""
    at = words.index(",") + 1
    if at >= len(words) - 2:
        return False
    word = words[at]
    return (
        word in names
        or word.lower() in {"the", "a", "an", "every", "each", "nobody", "everyone", "he", "she", "there"}
        or is_plural(word.lower())
    )


def _verb(words: list[str], names: frozenset[str]) -> int:
    """Where the predicate begins, 0 where that is uncertain."""
    for at, word in enumerate(words[:9]):
        low = word.lower()
        if at == 0:
            if low in LEADS or low == "there":
                return 0
            continue
        if (
            not word[0].isalpha()
            or low in _STARTS_VERBLESS
            or (low in {"and", "or"} and words[at + 1 : at + 2] and words[at + 1] not in names)
        ):
            return 0
        before = words[at - 1].lower()
        if (
            not is_past(low)
            or word[0].isupper()
            or (is_determiner(before) and before not in {"each", "all", "one"})
            or before in {"of", "to", "with", "in"}
        ):
            continue
        if before in {"has", "have", "is", "are", "be", "been", "being", "will", "shall", "can", "may", "must", "not"}:
            return 0
        start = at
        while start > 1 and is_adverb(words[start - 1].lower()):
            start -= 1
        return 0 if _participle(words, at, names) else start
    return 0


def _participle(words: list[str], at: int, names: frozenset[str]) -> bool:
    """Whether a form in -ed behind an indefinite subject may only describe it: "a slip copied from the ledger lay"."""
    low = words[at].lower()
    if not low.endswith("ed") and low not in {"left", "found", "made", "lost", "built", "hung", "set", "cut"}:
        return False
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    if following in {"by", "of", "from"} and low != "came":
        return True
    if words[at - 1] in names:
        return False
    later = [
        word
        for k, word in enumerate(words[at + 1 :], at + 1)
        if is_past(word.lower()) and words[k - 1].lower() not in {"and", ",", "who", "that", "he", "she", "it"}
    ]
    return bool(later) and words[0].lower() in {"a", "an", "the"} and "," not in words[at:]


def _is_someone(subject: list[str], names: frozenset[str]) -> bool:
    last = subject[-1]
    if any(word.lower() in LEADS for word in subject):
        return False
    if "," in subject or "of" in subject:
        return subject[0] in names and subject[-1] != ","
    if last in names:
        return not preposition(last.lower())
    return is_person(last.lower())


def _lowered(words: list[str], names: frozenset[str]) -> str:
    """The clause for the middle of a sentence, "" where the first word may be a name and may not."""
    first = words[0]
    low = first.lower()
    if first in names or (words[1][:1].isupper() and low not in function_words()):
        return spelled(words)
    if low in function_words() or low in _OPENERS or singular(low) in known_nouns() or is_thing(low):
        return spelled([low, *words[1:]])
    return ""
