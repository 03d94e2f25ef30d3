"""The retriever: what fits comes first, what does not fit does not come, and nothing typed breaks it."""

from __future__ import annotations

import pytest

from dream.retrieval.fusion import fuse
from dream.service import Service

WHATEVER = [
    "",
    " ",
    "a",
    "종",
    "?!…",
    "the of and",
    '"',
    'lamp" OR terms:*',
    "NEAR(lamp, 3)",
    "corpus : x AND -lamp ^",
    "x" * 20_000,
    "lamp " * 5_000,
    "лампа маяка",
    "灯台の光",
    "🌊🌊",
    "'; DROP TABLE fragments; --",
    "\u202elamp\u202c",
]


def titles(service: Service, query: str) -> list[str]:
    return [hit.fragment.title for hit in service.search(query).hits]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("the keeper who may not lie inside the lamp room", "Ask Him on the Stairs"),
        ("a pedlar and a button that belongs to no coat", "Eleven Coats"),
        ("a dead man's lantern comes back on the tide", "The Oil in the Lantern"),
        ("서로 말을 모르는 두 뱃사공", "짧은 노"),
    ],
)
def test_the_tale_that_is_meant_comes_first(stocked: Service, query: str, title: str) -> None:
    assert titles(stocked, query)[0] == title


def test_hits_say_why_they_were_found(stocked: Service) -> None:
    hit = stocked.search("the lamp room of the keepers").hits[0]
    assert hit.rank == 1
    assert set(hit.reasons) == {"meaning", "words"}
    assert {"lamp", "keepers"} <= {word.lower() for word in hit.words}


def test_scores_fall_with_the_rank(stocked: Service) -> None:
    scores = [hit.score for hit in stocked.search("a lantern on the ebb").hits]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 3


def test_a_budget_is_filled_with_whole_fragments_and_not_passed(stocked: Service) -> None:
    hits = stocked.search("a lantern on the ebb", budget=2500).hits
    assert 1500 < sum(len(hit.fragment.text) for hit in hits) <= 2500


def test_the_first_fragment_is_given_even_where_it_is_longer_than_the_budget(stocked: Service) -> None:
    assert len(stocked.search("a lantern on the ebb", budget=10).hits) == 1


def test_no_work_fills_an_answer_that_several_should_share(stocked: Service) -> None:
    corpus = stocked.corpus("starter").id
    hits = stocked.retriever.search(corpus, "the lamp room", most_per_work=2).hits
    works = [hit.fragment.work_id for hit in hits]
    assert max(works.count(work) for work in works) == 2


def test_near_copies_are_given_once(stocked: Service) -> None:
    fragment = stocked.search("the lamp room of the keepers").hits[0].fragment
    copy = stocked.settings.home / "copy.txt"
    copy.write_text(fragment.text + " And so on.")
    list(stocked.ingest.files([copy], "starter"))
    found = [hit.fragment.text for hit in stocked.search("the lamp room of the keepers").hits]
    assert (fragment.text in found) != (copy.read_text() in found)


def test_a_language_is_kept_to_where_one_is_asked_for(stocked: Service) -> None:
    corpus = stocked.corpus("starter").id
    hits = stocked.retriever.search(corpus, "a ferryman and the sea 뱃사공", language="ko").hits
    assert hits
    assert {hit.fragment.language for hit in hits} == {"ko"}


def test_another_corpus_is_never_searched(stocked: Service) -> None:
    other = stocked.library.works.corpus_named("other")
    assert stocked.retriever.search(other.id, "the lamp room").hits == ()


@pytest.mark.parametrize(
    "query",
    WHATEVER,
    ids=range(len(WHATEVER)),
)
def test_whatever_a_reader_types_is_answered(stocked: Service, query: str) -> None:
    found = stocked.search(query)
    assert found.missing == ()


def test_what_nothing_fits_has_no_hits(stocked: Service) -> None:
    assert stocked.search("qwzx vbnm").hits == ()


def test_fusion_weighs_standard_scores_within_the_candidates() -> None:
    fused = fuse(["a", "b", "c"], [(1.0, {"a": 0.9, "b": 0.5, "c": 0.1}), (1.0, {"b": 7.0})])
    assert next(iter(fused)) == "b"
    assert fuse([], []) == {}
    assert set(fuse(["a"], [(1.0, {"a": 3.0})]).values()) == {0.0}
