"""The Korean loom over real tales: what a story must be, whatever is asked for and whatever it is woven from."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dream.language.hangul import with_particle
from dream.language.sentences import sentences
from dream.storytelling.brief import WORDS, Length
from dream.storytelling.storytellers.loom.korean import weave
from dream.storytelling.storytellers.loom.korean.data import load
from dream.storytelling.storytellers.loom.line import Line
from dream.storytelling.storytellers.loom.reading import Passage, Request

TALES = sorted((Path(__file__).parents[2] / "corpus" / "ko").glob("*.md"))
PREMISES = (
    "오래된 등대를 지키는 노인이 거짓말을 하게 되는 이야기",
    "이름을 잃어버린 사공",
    "바다 밑의 종소리를 따라가는 소녀",
    "달우물에 약속을 한 아이가 약속을 잊었다. 우물은 약속을 기억했다.",
    "게으른 막내가 형들의 비웃음을 뒤로하고 아버지의 말을 훔쳐 바다 괴물과 싸우러 가는 이야기",
)
ODD_PREMISES = (
    "무지개",
    "고양이",
    "왜 바다는 하루에 두 번 돌아오는가?",
    "바다 밑의 종에 대해 이야기해 줘",
    "슬프다",
    "A ferryman who has forgotten the far bank",
    "???!",
    "ㅋㅋㅋ",
    "그리고 그러나 그래서",
    "“그는 “말했다”",
    "{hero} {0} {place!r} %s",
    "100",
    "어느 날 눈을 떠 보니 온 마을이 조용해져 있었다",
    "사공 " * 400,
    "이야기",
    "@@00000000 brief {}",
)
POOR_TEXTS = (
    "제1장 떠남 1\n제2장 만남 14\n제3장 돌아옴 29\n제4장 끝 41",
    (
        "나 보기가 역겨워\n가실 때에는\n말없이 고이 보내 드리오리다\n\n"
        "영변에 약산\n진달래꽃\n아름 따다 가실 길에 뿌리오리다"
    ),
    "“어디 가니?” “장에 간다.” “뭐 하러?” “소금 사러.” “나도 갈까?” “오지 마라.”",
    "*** START OF THE PROJECT GUTENBERG EBOOK ***\nTHIS EBOOK IS FOR THE USE OF ANYONE ANYWHERE AT NO COST",
    "- 소금 두 되\n- 등잔 하나\n- 심지 세 가닥\n- 기름 한 병",
    (
        "옛날 옛적에 나무꾼이 살았습니다. 나무꾼은 산에서 사슴을 숨겨 주었습니다. "
        "사슴은 나무꾼에게 선녀들이 목욕하는 연못을 알려 주었습니다."
    ),
    "왕이 가로되 네 어찌 이곳에 왔느뇨 하니 신하가 엎드려 아뢰되 소신이 길을 잃었나이다 하더라.",
    "짧은 글이다.",
    "“열린 따옴표가 끝까지 닫히지 않는 글이 있었다. 사공은 노를 저어 강을 건넜다. 사공은 노를 강가에 두고 갔다.",
    "2023년 4월 1일 (토) 12:30 ~ 14:00 / 문의: 02-123-4567 / http://example.org",
)


def passages(limit: int = 6, skip: int = 0, size: int = 900) -> tuple[Passage, ...]:
    pieces: list[Passage] = []
    for path in TALES:
        _, front, text = path.read_text(encoding="utf-8").split("---\n", 2)
        title = re.search(r"^title: (.+)$", front, re.MULTILINE)
        assert title
        pieces += [
            Passage(0, piece, title[1], "드림 프로젝트", "ko", quotable=True) for piece in _pieces(text.strip(), size)
        ]
    turned = pieces[skip * 5 % len(pieces) :] + pieces[: skip * 5 % len(pieces)]
    chosen = turned[::2][:limit]
    return tuple(replace(passage, number=number) for number, passage in enumerate(chosen, 1))


def _pieces(text: str, size: int) -> list[str]:
    pieces: list[str] = []
    start = end = 0
    for span in sentences(text):
        if end > start and span.end - start > size:
            pieces.append(text[start:end])
            start = span.start
        end = span.end
    return [*pieces, text[start:end]]


def asked(premise: str = PREMISES[0], seed: int = 1, **changes: object) -> Request:
    request = Request("ko", "medium", "inspired", premise, "", "", "", "", "", passages(), seed)
    return replace(request, **changes)  # type: ignore[arg-type]


def told(lines: list[Line]) -> str:
    return "".join(
        (("\n\n" if line.opens_paragraph else " ") if at else "") + line.text for at, line in enumerate(lines)
    )


def grid() -> list[Request]:
    return [asked(premise, seed, passages=passages(6, seed)) for premise, seed in itertools.product(PREMISES, range(8))]


def sound(request: Request, lines: list[Line]) -> None:
    """What holds for every scene."""
    text = told(lines)
    assert lines
    assert len({line.text for line in lines}) == len(lines)
    assert [text[span.start : span.end] for span in sentences(text)] == [line.text for line in lines]
    assert not re.search(r"[{}\"]|\s\s(?!\n)|None", text.replace("\n\n", " ")) or "{" in request.premise
    numbers = {passage.number for passage in request.passages}
    for line in lines:
        assert line.text.count("“") == line.text.count("”")
        assert line.text.endswith((".", "?"))
        assert line.passage is None or line.passage in numbers
        assert not re.search(r"[은는을를] (?:은|는|을|를)\s", line.text)


def words(text: str) -> list[str]:
    return [word for word in (re.sub(r"\W", "", word) for word in text.split()) if word]


@pytest.mark.parametrize("request_", grid(), ids=lambda r: f"{r.premise[:8]}-{r.seed}")
def test_a_scene_keeps_its_promises(request_: Request) -> None:
    lines = weave(request_)
    sound(request_, lines)
    low, high = WORDS["ko"]["medium"]
    assert low <= len(told(lines).split()) <= high
    leaning = {line.passage for line in lines} - {None}
    assert len(leaning) >= 3


@pytest.mark.parametrize("request_", grid(), ids=lambda r: f"{r.premise[:8]}-{r.seed}")
def test_no_run_of_twelve_words_is_copied(request_: Request) -> None:
    held = {passage.number: words(passage.text) for passage in request_.passages}
    runs = {tuple(text[at : at + 12]) for text in held.values() for at in range(len(text) - 11)}
    for line in weave(request_):
        own = words(re.sub(r"“[^”]*”", " | ", line.text))
        assert not any(tuple(own[at : at + 12]) in runs for at in range(len(own) - 11)), line.text


@pytest.mark.parametrize("request_", grid(), ids=lambda r: f"{r.premise[:8]}-{r.seed}")
def test_quotations_are_short_and_from_passages_that_may_be_quoted(request_: Request) -> None:
    mute = replace(request_, passages=tuple(replace(passage, quotable=False) for passage in request_.passages))
    spoken = {
        _plain(quoted) for line in weave(request_) if line.passage for quoted in re.findall(r"“([^”]*)”", line.text)
    }
    held = _plain(" ".join(passage.text for passage in request_.passages))
    assert all(quoted in held for quoted in spoken)
    for line in weave(request_):
        assert all(len(quoted.split()) <= 20 for quoted in re.findall(r"“([^”]*)”", line.text))
    assert not any("“" in line.text for line in weave(mute) if line.passage)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize("request_", grid()[::5], ids=lambda r: f"{r.premise[:8]}-{r.seed}")
def test_a_line_leans_recognisably_on_the_passage_it_names(request_: Request) -> None:
    def stems(text: str) -> set[str]:
        return {word[:2] for word in words(text) if len(word) > 1}

    held = {passage.number: stems(passage.text) for passage in request_.passages}
    own = stems(request_.premise)
    for line in weave(request_):
        if line.passage is not None:
            assert len((stems(line.text) - own) & held[line.passage]) >= 2, line.text


def test_the_same_request_gives_the_same_story() -> None:
    assert weave(asked()) == weave(asked())


def test_another_seed_or_premise_gives_another_story() -> None:
    stories = [told(weave(asked(premise, seed))) for premise in PREMISES for seed in range(6)]
    assert len(set(stories)) == len(stories)


def test_neighbouring_seeds_share_few_sentences() -> None:
    scenes = [{line.text for line in weave(asked(seed=seed))} for seed in range(9)]
    for one, other in itertools.pairwise(scenes):
        assert len(one & other) <= len(one) // 5


@pytest.mark.parametrize("length", ["short", "medium", "long"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 6, 9])
def test_lengths_hold_with_many_passages_few_and_none(length: str, count: int) -> None:
    low, high = next(span for name, span in WORDS["ko"].items() if name == length)
    for seed in range(4):
        request = asked(seed=seed, length=length, passages=passages(count, seed % 2))
        lines = weave(request)
        sound(request, lines)
        assert low <= len(told(lines).split()) <= high
        assert len({line.passage for line in lines} - {None}) >= min(count, 3)


@pytest.mark.parametrize("premise", ODD_PREMISES, ids=lambda text: text[:12])
def test_odd_premises_give_whole_sentences(premise: str) -> None:
    for seed, count in itertools.product(range(3), (0, 6)):
        request = asked(premise, seed, passages=passages(count))
        lines = weave(request)
        sound(request, lines)
        assert len(told(lines).split()) >= WORDS["ko"]["medium"][0]


@pytest.mark.parametrize("text", POOR_TEXTS, ids=lambda text: text[:10])
def test_poor_passages_do_no_harm(text: str) -> None:
    poor = Passage(1, text, "글", "", "ko", quotable=True)
    for seed in range(3):
        for held in ((poor,), (poor, *(replace(p, number=p.number + 1) for p in passages(2)))):
            request = asked(seed=seed, passages=held)
            sound(request, weave(request))


def test_polite_past_tense_is_told_in_the_plain_one() -> None:
    request = asked("심심한 도깨비", passages=(Passage(1, POOR_TEXTS[5], "옛이야기", "", "ko", quotable=True),))
    lines = [line.text for line in weave(request) if line.passage == 1]
    assert any("사슴" in line for line in lines)
    assert not any("습니다" in re.sub(r"“[^”]*”", "", line) for line in lines)


@pytest.mark.parametrize(
    ("premise", "hero"),
    [
        ("오래된 등대를 지키는 노인이 거짓말을 하게 되는 이야기", "오래된 등대를 지키는 노인"),
        ("이름을 잃어버린 사공", "이름을 잃어버린 사공"),
        ("고양이", "고양이"),
        ("연이가 종을 다시 칠 수 있을까?", "연이"),
        ("소녀가 종소리를 따라간다", "소녀"),
        ("눈먼 염부가 바다에 소금을 돌려주러 간다.", "염부"),
        ("버스를 기다리는 사람", "버스를 기다리는 사람"),
    ],
)
def test_the_hero_of_the_premise_is_the_hero_of_the_story(premise: str, hero: str) -> None:
    for seed in range(6):
        lines = [line.text for line in weave(asked(premise, seed))]
        assert hero in lines[0]
        short = hero.rsplit(maxsplit=1)[-1]
        assert sum(short in line for line in lines) >= 6


@pytest.mark.parametrize(
    ("premise", "words_of_it"),
    [
        ("늙은 사공 둘이 말없이 헤어지는 이야기", "늙은 두 사공"),
        ("동생을 찾는 누나, 등불을 들고 물을 건넌다", "등불을 들고 물을 건넌다"),
        ("말을 잃은 여자가 조용숲에서 들은 것", "조용숲에서 들은"),
        ("빚을 갚지 못한 사공이 모랫길을 건너 이름을 찾으러 간다", "이름을 찾으러 간다"),
    ],
)
def test_what_the_premise_says_beside_its_hero_is_told(premise: str, words_of_it: str) -> None:
    for seed in range(4):
        assert words_of_it in told(weave(asked(premise, seed)))


def test_the_named_hero_and_place_win() -> None:
    for seed in range(6):
        text = told(weave(asked("이름을 잃어버린 사공", seed, hero="봉순", place="안개재")))
        assert "봉순" in text.split("\n\n")[0]
        assert "안개재" in text
        assert text.count("봉순") >= 6
        assert "봉순를" not in text


def test_later_clauses_of_the_premise_are_told() -> None:
    for seed in range(6):
        text = told(weave(asked(PREMISES[3], seed)))
        assert "약속을 잊었" in text
        assert "약속을 기억했" in text
        assert "거짓말을 하게 되는" in told(weave(asked(PREMISES[0], seed)))


@pytest.mark.parametrize("tone", ["다정하게", "익살스럽게", "으스스하게", "엄숙하게", "모험", "보랏빛"])
def test_tones_are_told(tone: str) -> None:
    request = asked(tone=tone)
    lines = weave(request)
    sound(request, lines)
    assert (told(lines) != told(weave(asked()))) == (tone != "보랏빛")


@pytest.mark.parametrize("grounding", ["strict", "inspired", "free"])
def test_groundings_are_told(grounding: str) -> None:
    for seed in range(4):
        request = asked(seed=seed, grounding=grounding)
        lines = weave(request)
        sound(request, lines)
        assert len({line.passage for line in lines} - {None}) >= 3


def test_a_strict_story_hands_nothing_over_and_repeats_no_deed() -> None:
    for seed in range(8):
        text = told(weave(asked(seed=seed, grounding="strict")))
        assert not re.search(r"건네주었다|에게서 받은|했던 대로|그랬듯이", text)


@pytest.mark.parametrize("premise", [*PREMISES[:3], "무지개"])
def test_later_scenes_go_on(premise: str) -> None:
    first = asked(premise)
    so_far = told(weave(first))
    said = {so_far[span.start : span.end] for span in sentences(so_far)}
    for seed, direction in itertools.product(range(3), ("", "사공이 배를 버리고 걸어서 떠난다", "더 무섭게 해 줘")):
        request = asked(premise, seed, told=so_far, direction=direction)
        lines = weave(request)
        sound(request, lines)
        assert not said & {line.text for line in lines}
        low, high = WORDS["ko"]["medium"]
        assert low <= len(told(lines).split()) <= high
        assert not lines[0].text.endswith(("있었다.", "살고 있었다.")) or "자리에" in lines[0].text
        if "배를 버리고" in direction:
            assert "배를 버리고" in told(lines)


def test_the_hero_of_a_later_scene_is_the_one_already_told() -> None:
    so_far = told(weave(asked("무지개", passages=())))
    hero = next(name for name in ("나그네", "떠돌이", "길손", "이방인") if name in so_far)
    assert hero in told(weave(asked("무지개", 77, told=so_far, passages=())))


@pytest.mark.parametrize("size", [60, 2000])
def test_short_and_long_passages_are_woven(size: int) -> None:
    request = asked(passages=passages(6, size=size))
    lines = weave(request)
    sound(request, lines)
    assert len({line.passage for line in lines} - {None}) >= 3


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("3", "은/는", "3은"), ("2", "을/를", "2를"), ("10", "이/가", "10이"), ("7", "으로/로", "7로"),
        ("1948", "은/는", "1948은"), ("Pell", "은/는", "Pell은"), ("Pell", "으로/로", "Pell로"),
        ("Maren", "과/와", "Maren과"), ("Hanne", "이/가", "Hanne가"), ("Grant", "을/를", "Grant를"),
        ("castle", "으로/로", "castle로"), ("Bet", "이라/라", "Bet이라"), ("서윤(書允)", "은/는", "서윤(書允)은"),
        ("“밥 먹어라”", "이라는/라는", "“밥 먹어라”라는"), ("길", "으로/로", "길로"), ("", "은/는", "는"),
    ],
)  # fmt: skip
def test_particles_agree_with_numerals_and_latin_words(word: str, pair: str, expected: str) -> None:
    assert with_particle(word, pair) == expected


# Which particles follow a name with a final consonant, and which one without.
WRONG = {"두리": "은|을|과|으로|이었|아", "순덕": "는|를|가|와|로|였", "달": "는|를|가|와|으로|였"}


@pytest.mark.parametrize("hero", WRONG)
@pytest.mark.parametrize("seed", range(3))
def test_particles_agree_with_the_heros_name(hero: str, seed: int) -> None:
    """In every sentence, within what is said as well."""
    text = told(weave(asked(f"{hero}, 바다 밑의 종을 찾는다", seed, hero=hero, passages=passages(6, seed))))
    assert hero in text
    assert not re.search(rf"(?<![가-힣]){hero}(?:{WRONG[hero]})(?![가-힣])", text)


@pytest.mark.parametrize("request_", grid()[::4], ids=lambda r: f"{r.premise[:8]}-{r.seed}")
def test_what_is_said_ends_before_the_sentence_that_says_it_goes_on(request_: Request) -> None:
    """No quotation within a quotation, no space before what takes it up, and the particle that its last sound asks."""
    for line in weave(request_):
        assert not re.search(r"“[^”]*“", line.text), line.text
        assert not re.search(r"” (?:라고|라는|이라고|이라는)(?![가-힣])", line.text), line.text
        for last, particle in re.findall(r"([가-힣])[.?!…]*”(라는|이라는|라고|이라고)(?= )", line.text):
            closed = (ord(last) - 0xAC00) % 28 > 0
            assert closed or not particle.startswith("이"), line.text


@pytest.mark.parametrize("length", WORDS["ko"])
def test_no_sentence_is_told_twice_at_any_length(length: Length) -> None:
    low, high = WORDS["ko"][length]
    for premise in PREMISES:
        lines = weave(asked(premise, 2, length=length, passages=passages(6, 2)))
        bare = [re.sub(r"[\W\d]", "", line.text) for line in lines]
        assert len(set(bare)) == len(bare)
        assert low <= len(told(lines).split()) <= high


@pytest.mark.parametrize("premise", ["늙은 등대지기와 손녀가 마지막 배를 기다린다", "두 형제가 배 한 척을 물려받는다"])
def test_several_heroes_speak_of_themselves_as_several(premise: str) -> None:
    texts = [told(weave(asked(premise, seed))) for seed in range(8)]
    assert any("자기들이" in text or "저희" in text for text in texts)
    assert not any(re.search("자기가 (?!놀란)|“제가|“저는", text) for text in texts), texts


def test_nobody_is_oneself_twice_in_a_sentence() -> None:
    for seed in range(8):
        text = told(weave(asked("소녀가 자기 앞으로 온 편지를 줍는다", seed)))
        assert "소녀가 자기 앞으로 온 편지를 줍는다" in text
        assert "자기가 자기" not in text


def test_no_frame_has_two_topics_for_one_person() -> None:
    """{told} brings its own topic, "덕보는 ..."; "그 사람은" beside it would be a second one."""
    frames = itertools.chain.from_iterable(lines for tones in load("frames/told").values() for lines in tones.values())
    assert [frame for frame in frames if re.match(r"\{told:다고\} (?:하면서|말하는 내내) 그 사람은", frame)] == []
