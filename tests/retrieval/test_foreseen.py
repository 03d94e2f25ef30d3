"""Queries that are read before their search comes."""

from __future__ import annotations

import time

from dream.metrics import REGISTRY
from dream.retrieval.foreseen import MOST, Foreseen
from dream.service import Service

QUERY = "a lantern on the ebb"


def embedded() -> float:
    return REGISTRY.get_sample_value("dream_embedding_seconds_count") or 0.0


def test_a_foreseen_query_is_read_once_and_answered_alike(stocked: Service) -> None:
    corpus = stocked.corpus("starter").id
    plain = stocked.retriever.for_story(corpus, [QUERY], limit=5, budget=4000)
    before = embedded()
    stocked.retriever.foresee([QUERY])
    assert stocked.retriever.for_story(corpus, [QUERY], limit=5, budget=4000) == plain
    assert embedded() == before + 1


def test_a_foreseen_query_sets_out_before_its_search_and_serves_that_one_alone() -> None:
    foreseen = Foreseen(lambda: None)
    foreseen.begin([QUERY])
    begun = time.perf_counter()
    assert foreseen.take(QUERY).since < begun
    assert foreseen.take(QUERY).since > begun


def test_what_was_read_before_another_model_took_its_place_is_read_again(stocked: Service) -> None:
    foreseen = Foreseen(lambda: None)
    foreseen.begin([QUERY])
    assert foreseen.take(QUERY).question(QUERY, stocked.model()).vector is not None
    assert foreseen.take(QUERY).question(QUERY, None).vector is None


def test_queries_whose_search_never_comes_are_let_go() -> None:
    foreseen = Foreseen(lambda: None)
    foreseen.begin([f"lantern {number}" for number in range(MOST + 1)])
    assert foreseen.since(["lantern 1"]) < foreseen.since(["lantern 0"])
