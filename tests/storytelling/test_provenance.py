"""Threads and copied runs: what a scene is tied to, exactly where, and what it is not tied to."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream.language.sentences import sentences
from dream.retrieval.embedding import Embedder
from dream.retrieval.fragment import Fragment
from dream.storytelling.provenance import Provenance, trace

BELL = (
    "The Drowned Bell hangs under Merrow Bank. Petra Gaunt lashed forty empty casks to its beam, and when the flood "
    "came in the casks strained and the bell rose beside her boat. It coughed up one great silver bubble and lay still."
)
MILL = (
    "Ambrose the miller had not spoken for twenty-six years. His three sisters quarrelled over a dark line in the "
    "millstone. Ada said that it was a crack, and Una said that it was not."
)
STAIR = (
    "Nan Tolliver kept a net at the top of Anwick's Stair, where the wind returns lost things. A hat came inside the "
    "week and a glove inside the month. She hung what came on numbered nails."
)
KOREAN_BELL = (
    "돌종섬에는 집도 밭도 없고, 굽은 소나무 한 그루와 거기 매달린 돌종 하나가 있었다. 연이는 고모할머니에게서 "
    "대추나무 방망이를 물려받았다. 사람 하나를 불러들이면 종은 소리 하나를 가져갔다."
)
KOREAN_SALT = (
    "덕보는 달우물 앞에서 말을 한마디 잘못했다. 소금을 다 팔면 돌아오겠다고 했으나, 아침마다 자루에는 소금이 한 되 "
    "남아 있었다. 순금은 그동안 장독을 비워 두었다."
)
RUN = "the wind that comes up the stair returns what people lost last winter"  # 13 words


def fragment(text: str, name: str = "only", language: str = "en") -> Fragment:
    return Fragment(
        id=name, work_id="w", version_id="v", position=0, start=0, end=len(text), text=text, heading="", title="",
        author="", language=language, licence="", source="", quotable=True,
    )  # fmt: skip


SHELF = [fragment(BELL, "bell"), fragment(MILL, "mill"), fragment(STAIR, "stair")]
KOREAN_SHELF = [fragment(KOREAN_BELL, "bell", "ko"), fragment(KOREAN_SALT, "salt", "ko")]


def first(found: Provenance, text: str) -> dict[str, str]:
    """The fragment named first for each tied sentence."""
    return {text[thread.start : thread.end]: thread.ties[0].fragment_id for thread in found.threads}


def test_a_sentence_is_tied_to_the_fragment_it_leans_on() -> None:
    leans = "A diver called Petra had tied empty casks to the bell and let the flood lift it."
    other = "In a mill two sisters argued about a line in the millstone while Ambrose the miller kept silent."
    text = f"It was raining. {leans} Nobody answered her.\n\n{other} Then they went to bed."
    assert first(trace(text, SHELF, None), text) == {leans: "bell", other: "mill"}


def test_threads_are_sentences_in_order_with_few_ties_best_first() -> None:
    text = f"{BELL} {MILL} {STAIR}"
    found = trace(text, SHELF * 2 + [fragment(MILL, "again")], None)
    spans = [(thread.start, thread.end) for thread in found.threads]
    assert spans == sorted(spans)
    assert set(spans) <= {tuple(span) for span in sentences(text)}
    assert len(spans) > 6
    for thread in found.threads:
        strengths = [tie.strength for tie in thread.ties]
        assert 1 <= len(strengths) <= 3
        assert strengths == sorted(strengths, reverse=True)
        assert all(0 < strength <= 1 for strength in strengths)


def test_a_sentence_that_goes_on_is_tied_to_what_those_around_it_lean_on() -> None:
    before = "Nan Tolliver kept a net at the top of Anwick's Stair for the things that the wind brings back."
    going_on = "The wind was cold there."
    after = "Each hat and glove went on a numbered nail inside the week."
    assert trace(f"It was late. {going_on} Nobody came.", SHELF, None).threads == ()
    assert first(trace(text := f"{before} {going_on} {after}", SHELF, None), text)[going_on] == "stair"


def test_offsets_count_code_points() -> None:
    text = "𝔖he said 🕯🕯 nothing. 𝒫etra Gaunt let the flood and the empty casks raise the bell."
    (thread,) = trace(text, SHELF, None).threads
    assert text[thread.start : thread.end].startswith("𝒫etra Gaunt")
    copied = f"🕯 {RUN} 🕯"
    (run,) = trace(copied, [fragment(f"𝔖o {RUN}.")], None).copied
    assert copied[run.start : run.end] == RUN
    assert (run.fragment_start, run.fragment_end) == (3, 3 + len(RUN))


@pytest.mark.parametrize(("words", "runs"), [(13, 1), (12, 1), (11, 0)])
def test_twelve_words_in_a_row_are_a_copied_run(words: int, runs: int) -> None:
    copied = " ".join(RUN.split()[:words])
    text, source = f"He knew that {copied} indeed.", f"They say that if {copied}, so it goes."
    found = trace(text, [fragment(source)], None).copied
    assert [(text[run.start : run.end], run.words) for run in found] == [(copied, words)] * runs
    assert [source[run.fragment_start : run.fragment_end] for run in found] == [copied] * runs


def test_case_and_punctuation_do_not_hide_a_copied_run() -> None:
    source = "The wind, that comes up the stair, returns what people lost: last winter."
    text = "“The wind that comes up the Stair returns what people lost last winter!”"
    (run,) = trace(text, [fragment(STAIR, "stair"), fragment(source, "source")], None).copied
    assert (run.fragment_id, run.words) == ("source", 13)
    assert text[run.start : run.end] == text[1:-2]
    assert source[run.fragment_start : run.fragment_end] == source[:-1]


@pytest.mark.parametrize(("words", "runs"), [(12, 1), (11, 0)])
def test_korean_runs_are_counted_in_eojeol(words: int, runs: int) -> None:
    copied = " ".join(KOREAN_BELL.split()[:words])
    found = trace(f"옛날에 {copied} 어쩌고 했다.", [fragment(KOREAN_BELL, language="ko")], None).copied
    assert [run.words for run in found] == [words] * runs


@pytest.mark.parametrize("text", ["", "  \n\n ", "…", "She went home."])
def test_without_fragments_there_is_nothing_to_lean_on(text: str) -> None:
    assert trace(text, [], None) == Provenance()


@pytest.mark.parametrize("text", ["", "  \n\n "])
def test_an_empty_scene_has_no_threads(text: str) -> None:
    assert trace(text, SHELF, None) == Provenance()


@pytest.mark.parametrize("poor", ["", " ", "…", "* * *", "A", "I. 3\nII. 17\nIII. 40", "ROSES ARE RED\nVIOLETS\nBLUE"])
def test_poor_fragments_are_borne(poor: str) -> None:
    text = "… The sisters of Ambrose the miller quarrelled over the dark line in a millstone."
    assert [*first(trace(text, [fragment(poor), *SHELF], None), text).values()] == ["mill"]
    assert trace(text, [fragment(poor)], None) == Provenance()


def test_what_the_reader_gave_is_no_evidence() -> None:
    text = "The miller and his sisters sat by the millstone, and the miller looked at the dark line in it."
    assert first(trace(text, SHELF, None), text) == {text: "mill"}
    known = "A miller, his three sisters and a millstone with a dark line in it."
    assert trace(text, SHELF, None, known=known).threads == ()


def test_korean_words_that_the_reader_gave_are_no_evidence_whatever_their_particles() -> None:
    text = "고모할머니에게서 대추나무 방망이를 물려받았다."
    assert first(trace(text, KOREAN_SHELF, None), text) == {text: "bell"}
    known = "고모할머니가 대추나무로 만든 방망이는 누가 물려받았을까?"
    assert trace(text, KOREAN_SHELF, None, known=known).threads == ()


def test_common_words_are_no_evidence() -> None:
    text = "There was a time when he thought that he had come too late. She came back and looked at the old man again."
    assert trace(text, SHELF, None).threads == ()


def test_the_same_scene_has_the_same_threads() -> None:
    text = f"{STAIR} {BELL}"
    assert trace(text, SHELF, None) == trace(text, SHELF, None)


def test_korean_words_are_the_same_with_other_particles() -> None:
    leans = "그 아이는 고모할머니의 방망이로 돌종을 쳤고, 종에게 소리를 빼앗겼다."
    other = "약속을 잘못한 덕보의 자루에는 날마다 소금 한 되가 남았다."
    text = f"비가 왔다. {leans} 아무도 묻지 않았다. {other}"
    assert first(trace(text, KOREAN_SHELF, None), text) == {leans: "bell", other: "salt"}


def test_short_korean_words_are_known_by_their_stems() -> None:
    shelf = [
        *KOREAN_SHELF,
        fragment("훈장은 갓을 벗고 붓과 먹을 내려놓았다. 헛간에는 낫이 걸려 있었다.", "study", "ko"),
    ]
    text = "비가 왔다. 갓은 젖었고, 붓은 말랐고, 먹은 없고, 낫은 녹슬었다."
    assert [*first(trace(text, shelf, None), text).values()] == ["study"]


def test_at_most_three_fragments_share_a_sentence() -> None:
    shelf = [fragment(MILL, name) for name in "abcde"]
    for thread in trace(MILL, shelf, None).threads:
        assert [tie.fragment_id for tie in thread.ties] == ["a", "b", "c"]


@pytest.mark.parametrize("known", ["", " ", "…", "🕯"])
def test_poor_texts_are_borne_with_a_model_too(model_folder: Path, known: str) -> None:
    shelf = [fragment(poor, f"poor {poor}") for poor in ("", " ", "…", "🕯", "A")]
    found = trace(f"… 🕯 {MILL}", [*shelf, *SHELF], Embedder(model_folder), known=known)
    assert {thread.ties[0].fragment_id for thread in found.threads} == {"mill"}
    assert trace("…", shelf, Embedder(model_folder), known=known).threads == ()


def test_meaning_names_what_shares_few_words(model_folder: Path) -> None:
    embedder = Embedder(model_folder)
    leans = "The diver roped barrels to the sunken bell, and the tide lifted it to the surface with one gulp of air."
    text = f"It was late, and the kettle had boiled dry. {leans} He put on his coat and went to see about the cow."
    assert first(trace(text, SHELF, embedder), text) == {leans: "bell"}
    assert trace(text, SHELF, None).threads == ()


def test_vectors_that_no_weights_were_fitted_to_are_left_alone(model_folder: Path) -> None:
    other = Embedder(model_folder)
    other.name = "somebody/else"
    text = f"{STAIR} {MILL} He went away."
    assert trace(text, SHELF, other) == trace(text, SHELF, None)
