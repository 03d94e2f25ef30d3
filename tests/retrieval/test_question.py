"""Questions: what a query is weighed as, and what of it is looked up."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream.retrieval.embedding import Embedder
from dream.retrieval.question import Kind, ask, kind_of, names, query_terms


@pytest.fixture(scope="module")
def embedder(model_folder: Path) -> Embedder:
    return Embedder(model_folder)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("Who keeps a chair empty for a drowned man?", "question"),
        ("  why does Ilse take the bell", "question"),
        ("a widow is haunted at her tavern", "premise"),
        ("Whoever lies in the lamp room turns the beam", "premise"),
    ],
)
def test_what_asks_is_told_from_what_is_wished_for(embedder: Embedder, query: str, kind: Kind) -> None:
    assert kind_of(query) == kind
    assert ask(query, query_terms(query), embedder, None).kind == kind


@pytest.mark.parametrize(
    "query",
    [
        "서로 말을 모르는 두 뱃사공",
        "연이는 어떤 종을 치는가?",
        "누가 소금떡을 먹었는가?",
        "灯台の光はどこへ",
        "лампа маяка на берегу",
    ],
)
def test_words_alone_count_where_the_model_reads_letter_by_letter(embedder: Embedder, query: str) -> None:
    assert ask(query, query_terms(query), embedder, None).kind == "words"


def test_a_foreign_word_makes_no_query_foreign(embedder: Embedder) -> None:
    query = "a ferryman called 막동 and his short oar"
    assert ask(query, query_terms(query), embedder, None).kind == "premise"


def test_a_query_is_looked_up_by_its_words_or_by_stop_words_where_it_has_no_others() -> None:
    assert query_terms("The keepers of the lamp keep lamps") == ("keeper", "lamp", "keep")
    assert query_terms("to be or not to be") == ("to", "be", "or", "not")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Why did Rose and the old Wolf cry?", {"rose", "wolf"}),
        ("Rose cried. Wolves did not.", set()),
        ("Who said “Rose”, or (Ann)?", {"rose", "ann"}),
        ("막동은 왜 울었나", set()),
    ],
)
def test_names_are_written_with_a_capital_within_a_sentence(query: str, found: set[str]) -> None:
    assert names(query) == found
