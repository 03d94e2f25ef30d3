"""What a passage holds for a story: statements, sayings, persons, places, and things that can be handed over."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from dream.language.hangul import NIEUN, SSANG_SIOT, final
from dream.language.sentences import sentences
from dream.storytelling.storytellers.loom.korean.clause import Clause
from dream.storytelling.storytellers.loom.korean.nouns import Lexicon, bare, kind, split
from dream.storytelling.storytellers.loom.reading import Passage

MOST_WORDS = 11
_FEWEST_WORDS = 3
_QUOTED = re.compile(r"“([^“”\n]{6,120})”|\"([^\"\n]{6,120})\"")
_MARKS = re.compile(r"[“”\"‘’'(){}\[\]<>*_#|=~:;…—–/\\]|--|[A-Z]{4,}")
_PAST = re.compile(r"(?P<stem>.*?[가-힣])(?:다|습니다|어요|지요|죠|네|소|단다|답니다|느니라|더라|더니라|구나|거든|지)[.!。]*$")
_JOINT = re.compile(r"(?P<stem>.*[가-힣])(?:고|지만|으나|는데|으며)(?P<comma>,?)$")
_CONNECTIVE = frozenset(
    """그러나 그리고 하지만 그래서 그런데 그러자 그래도 그러고는 그러더니 그러다 그러다가 결국 마침내 드디어 이윽고 곧 다만 또 또한 특히 물론 사실 실은 게다가 그러면
    따라서 한편 어느새 문득 다시 이제 그만 바로 이튿날 다음날 옛날 옛적에 옛날에""".split()
)
_POINTING = re.compile(
    r"^(?:[그이저](?:는|의|를|가|에게.*|들.*|것.*|런|렇게|곳.*|녀.*|때.*|날.*|해.*|제야|만큼|쪽.*|리고.*|러.*|뿐.*|분.*|다음.*|뒤.*|사이.*|동안.*|무렵.*|밤.*)?"
    r"|거기.*|여기.*|저기.*|둘(?:은|이|다|을)?|셋(?:은|이|을)?|이렇게|이번.*|하나(?:는|가|도)|나(?:는|의|를|도)|내|내가|너.*|우리.*|저희.*|당신.*)$"
)
_ADJECTIVES = frozenset("늙은 젊은 어린 작은 큰 낡은 헌 새 검은 흰 붉은 푸른 짧은 긴 오래된 마른 빈 말린 삶은 젖은 둥근 굽은 깨진 이웃집".split())
_BACKWARD = frozenset("또 다시 이제 마침 벌써 여전히 이번에는 이번에도 그만 마침내 이미 그대로 도로 오히려 역시 먼저 끝내".split())
_TIME = re.compile(r"(?:날|달|해|봄|여름|가을|겨울|밤|낮|아침|저녁|새벽|무렵|뒤|전|동안|때|월|그믐|보름|사리|만)(?:에|에는|에도|부터|까지|에야)?,?$")
_PLACED = frozenset("에서는 에서도 에서 에는 에도 에".split())
_ANYWHERE = frozenset("을 를 로 으로 에 에서 에는 이 가 은 는 의 도 과 와".split()) | {""}
_LONG_AGO = re.compile(r"(?:해|살|년|평생|마다|동안|이던|옛|봄|여름|가을|겨울|달|월|그믐|보름|이튿날|늘|언제나|전)(?:에|에는|을|를|의|이|은)?$")
_UNTELLABLE = re.compile(r"(?:때문이|것이|셈이|모양이|터|뿐이|까닭이|것 같|듯하|탓이|법이|참이)(?:었|였|았|했)$|(?:말했|물었|대답했|소리쳤|외쳤|중얼거렸|되물었|고 했|라 했)$")
_STATE = re.compile(
    r"(?:있었|없었|이었|였|되었|됐|졌|않았|못했|같았|좋았|알았|몰랐|살았|죽었|태어났|들렸|보였|났|남았|많았|컸|작았|지냈|늙었|걸렸|말랐|들었|닮았|혼인했|잃었|잊었|물려받았|떨어뜨렸|그만두었|결혼했|시집갔|낳았|싫어했|좋아했)$"
)
_SPEAKS = re.compile(r"말했|물었|말하|묻|대답|외쳤|중얼|하고|라고|덧붙|불렀|일렀|했다")
_STOCK = re.compile(r"(?:오래 듣고|대답하지|대답을|고개를|입을|말을 이|말이 없|듣고만|일어나 앉|아무 말)")
_NO_SUBJECT = frozenset("많이 깊이 높이 같이 없이 가까이 멀리 나란히 일찍이 굳이 다가 끝끝내 오다가 가다가 높다랗게 더욱이 적이 깊숙이 촘촘히".split())
_LOOSE = re.compile(r"^(?:그|이|저)\s|그건|이건|그게|이게|저기|여기|^예\b|^네\b|^응\b")


@dataclass(frozen=True, slots=True)
class Saying:
    words: str
    speaker: str = ""

    @property
    def asks(self) -> bool:
        return self.words.endswith("?")


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
        matter.clauses.extend(_clauses(" ".join(text[span.start : span.end].split()), lexicon, len(matter.clauses)))
    if passage.quotable:
        matter.sayings = _sayings(text, lexicon)
    words = _MARKS.sub(" ", text).split()
    matter.things = _named(words, lexicon, {"things"}, frozenset("을 를 로 으로 에 이 가 은 는 의 도".split()))
    matter.places = _named(words, lexicon, {"places", "places?"}, frozenset("에서는 에서도 에서 에는 에도 에 으로 로 까지".split()))
    matter.sights = _named(words, lexicon, {"things", "scenery", "animals", "places"}, _ANYWHERE)
    return matter


def doable(clause: Clause) -> bool:
    """Whether somebody else could do the same."""
    moves = re.search(r"(?:갔|왔|올랐|건넜|들어섰|앉았|나섰|내렸)$", clause.deed)
    acts = moves or any(split(word)[1] in ("을", "를") for word in clause.deed.split())
    return bool(acts) and seeable(clause)


def seeable(clause: Clause) -> bool:
    """Whether somebody could have stood by and seen it."""
    words = f"{clause.lead} {clause.deed}".split()
    return clause.human and not _STATE.search(clause.deed) and not any(_LONG_AGO.search(bare(word)) for word in words)


def past_stem(word: str) -> str:
    """The past stem of a sentence's last word, "올랐" of "올랐다." or "올랐습니다."; "" where it is in no plain past."""
    found = _PAST.match(word)
    stem = found["stem"] if found else ""
    return stem if stem and final(stem) == SSANG_SIOT and stem[-1] not in "있겠" else ""


def _clauses(sentence: str, lexicon: Lexicon, order: int) -> list[Clause]:
    if _MARKS.search(sentence) or sum(c.isdigit() for c in sentence) > 4:
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
    """A sentence cut where a past clause is joined to the next; each piece ends in a past stem, the last only if it is one."""
    pieces: list[list[str]] = []
    piece: list[str] = []
    for word in words[:-1]:
        joint = _JOINT.match(word)
        if word in _BACKWARD:
            continue
        if joint and final(joint["stem"]) == SSANG_SIOT and joint["stem"][-1] not in "있겠":
            pieces.append([*piece, joint["stem"]])
            piece = []
        else:
            piece.append(word)
    stem = past_stem(words[-1])
    return [*pieces, [*piece, stem]] if stem else pieces


def _clause(words: list[str], lexicon: Lexicon, order: int, before: Clause | None) -> Clause | None:
    while words and bare(words[0]) in _CONNECTIVE:
        words = words[1:]
    at = _subject(words, lexicon)
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
        deed = _shortened(words[end + 1 :], len(lead.split()) + end - start + 1, lexicon)
        clause = Clause(lead, subject, mark, deed, _is_human(subject, lexicon), order)
    return clause if _stands(clause) and _is_whole(clause, lexicon) else None


def _is_whole(clause: Clause, lexicon: Lexicon) -> bool:
    """Whether its subject is the one that its last verb belongs to, as far as the particles tell."""
    deed = clause.deed.split()
    if any(split(word)[1] in ("은", "는") and _acts(word, lexicon) for word in deed):
        return False
    if clause.mark not in ("이", "가"):
        return True
    modifies = any(final(word) == NIEUN or word.endswith("는") for word in deed[:2] if not lexicon.is_noun(word))
    others = [word for word in deed if split(word)[1] in ("이", "가") and word not in _NO_SUBJECT and not word.endswith("다가")]
    return not modifies and all(lexicon.is_noun(bare(word)) for word in others) and not re.search(r"(?:였|이었)$", clause.deed)


def _stands(clause: Clause) -> bool:
    words = str(clause.told).split()
    deed = clause.deed.split()
    return (
        _FEWEST_WORDS <= len(words) <= MOST_WORDS
        and len(deed) > 1
        and not any(_POINTING.match(bare(word)) for word in words)
        and not _UNTELLABLE.search(clause.deed)
        and not clause.deed.endswith(",")
        and not _STOCK.match(clause.deed)
        and (len(deed) > 2 or any(kind(split(word)[0]) in ("things", "places", "scenery") for word in deed))
    )


def _subject(words: list[str], lexicon: Lexicon) -> tuple[int, int, str] | None:
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
        whole |= start < end and (noun == "사람들" or noun.endswith("들") and lexicon.is_noun(noun[:-1]))
        if whole and not (kind(noun) == "kin" and start == end):
            return start, end, particle
    return None


def _start(words: list[str], end: int, noun: str, lexicon: Lexicon) -> int:
    """Where the noun phrase that ends in `noun` begins: after its owner, title or plain adjective."""
    start = end
    while start > 0 and end - start < 3:
        before = words[start - 1]
        owner, particle = split(before)
        if _POINTING.match(bare(before)) or before.endswith(",") or _TIME.search(before):
            break
        owned = particle == "의" and (lexicon.is_noun(owner) or len(owner) > 1)
        plain = bare(before) in _ADJECTIVES or lexicon.pair(bare(before), noun) or lexicon.is_noun(bare(before))
        if not (owned or plain):
            break
        start -= 1
    return start


def _lead(words: list[str], lexicon: Lexicon) -> str | None:
    """What stands before the subject: kept where it names a place, dropped where it names a time, None where it is more than that."""
    if not words or (len(words) < 6 and _TIME.search(words[-1])):
        return "" if len(words) < 4 else None
    noun, particle = split(words[-1])
    if len(words) < 4 and particle in _PLACED and (lexicon.is_noun(noun) or kind(noun) == "vague"):
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
    return particle in ("은", "는", "이", "가") and not lexicon.is_noun(bare(word)) and (lexicon.is_noun(noun) or kind(noun) == "vague")


def _is_human(subject: str, lexicon: Lexicon) -> bool:
    last = subject.split()[-1]
    return lexicon.is_person(last) or kind(last) == "kin" or last.endswith("사람들")


def _sayings(text: str, lexicon: Lexicon) -> list[Saying]:
    found: list[Saying] = []
    for match in _QUOTED.finditer(text):
        words = (match[1] or match[2]).strip().rstrip(".,。")
        inner = " ".join(words.split())
        if not 3 <= len(inner.split()) <= 14 or len(sentences(inner)) != 1 or re.search(r"[“”\"‘’]", inner) or _LOOSE.search(inner):
            continue
        found.append(Saying(inner, _speaker(text, match, lexicon)))
    return found


def _speaker(text: str, match: re.Match[str], lexicon: Lexicon) -> str:
    """Who says it, where the words right after or before the quotation name a person as its subject."""
    after = re.split(r"[.!?\n]", text[match.end() : match.end() + 60])[0]
    if not _SPEAKS.search(after):
        after = ""
    before = re.split(r"[.!?\n”]", text[max(0, match.start() - 80) : match.start()])[-1]
    for words in (after.split(), before.split()):
        at = _subject(words, lexicon)
        if at and _is_human(split(words[at[1]])[0], lexicon) and split(words[at[1]])[0][:2] not in (match[1] or match[2]):
            return " ".join([*words[at[0] : at[1]], split(words[at[1]])[0]])
    return ""


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
        phrase = f"{before} {noun}" if before and (material or owned or before in _ADJECTIVES) else noun
        if not any(_POINTING.match(part) for part in phrase.split()):
            found.setdefault(phrase)
    return list(found)
