"""Fusion and selection: what one score is made of, and what is chosen by it."""

from __future__ import annotations

import numpy as np

from dream.retrieval.candidates import Candidates
from dream.retrieval.fusion import Fusion, normalised, shipped
from dream.retrieval.lexical import Matches
from dream.retrieval.postings import Hashes
from dream.retrieval.selection import Overlaps, Rules, select
from dream.store.library.indexes import Place

LETTERS = [np.arange(20 * row, 20 * row + 20, dtype="<u4") for row in range(6)]


def candidates(*works: str, authors: dict[str, str] | None = None) -> Candidates:
    places = [
        Place(row, f"{work}.1.{row}", work, row, 500, (authors or {}).get(work, ""), 1)
        for row, work in enumerate(works)
    ]
    return Candidates(places, Matches.none(0))


def chosen(
    rules: Rules,
    scores: list[float],
    found: Candidates,
    terms: list[Hashes] | None = None,
    budget: int | None = None,
) -> list[int]:
    overlaps = Overlaps(terms or LETTERS[: len(found)])
    return [row for row, _ in select(found, np.array(scores), overlaps, rules, 10, budget)]


def test_standard_scores_are_taken_within_the_candidates() -> None:
    assert normalised(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]
    assert normalised(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert normalised(np.zeros(0)).tolist() == []


def test_a_column_that_no_stage_gave_counts_the_same_for_all() -> None:
    kind = {"linear": [1.0, 5.0]}
    fusion = Fusion({"columns": ["words", "late"], "presence": {}, "kinds": {"question": kind, "words": kind}})
    scores = fusion.fuse("question", {"words": np.array([0.0, 2.0])}, meaning=True)
    assert scores.tolist() == [-1.0, 1.0]


def test_the_shipped_weights_know_every_kind_of_query() -> None:
    columns = {name: np.array([0.0, 1.0]) for name in shipped().columns}
    for kind in ("question", "premise", "words"):
        weak, strong = shipped().fuse(kind, columns, meaning=True)
        assert strong > weak


def test_the_fragment_beside_a_chosen_one_moves_up_in_a_search() -> None:
    found = candidates("a", "a", "b")
    assert chosen(Rules(), [3.0, 1.0, 1.2], found) == [0, 2, 1]
    assert chosen(Rules(beside=0.5), [3.0, 1.0, 1.2], found) == [0, 1, 2]


def test_the_same_work_again_costs_what_the_rules_say() -> None:
    found = candidates("a", "a", "b")
    assert chosen(Rules(again=1.0), [3.0, 2.5, 1.8], found) == [0, 2, 1]
    assert chosen(Rules(again=0.5), [3.0, 2.5, 1.8], found) == [0, 1, 2]


def test_a_corpus_by_one_author_spreads_over_its_works_all_the_same() -> None:
    found = candidates("a", "a", "a", "a", "b", "c", authors={"a": "Ann", "b": "Ann", "c": "Ann"})
    rules = Rules(most_per_author=0.5, early_works=3)
    assert chosen(rules, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0], found) == [0, 1, 4, 5, 2, 3]


def test_an_author_has_no_more_than_a_share_while_others_fit() -> None:
    found = candidates("a", "b", "c", "d", authors={"a": "Ann", "b": "Ann", "c": "Ann", "d": "Bo"})
    assert chosen(Rules(most_per_author=0.5), [4.0, 3.0, 2.0, 1.0], found) == [0, 1, 3, 2]
    assert chosen(Rules(most_per_author=0.5, fitting=1.5), [4.0, 3.0, 2.0, 1.0], found) == [0, 1, 2, 3]
    assert chosen(Rules(), [4.0, 3.0, 2.0, 1.0], found) == [0, 1, 2, 3]


def test_a_story_begins_with_several_works_while_others_fit() -> None:
    found = candidates("a", "a", "a", "a", "b", "c")
    scores = [9.0, 8.0, 7.0, 6.0, 2.0, 1.5]
    assert chosen(Rules(early_works=3), scores, found)[:4] == [0, 1, 4, 5]
    assert chosen(Rules(early_works=3, fitting=3.0), scores, found)[:4] == [0, 1, 2, 3]


def test_near_copies_are_chosen_once_and_the_budget_is_kept() -> None:
    found = candidates("a", "b", "c")
    copies = [LETTERS[0], LETTERS[0], LETTERS[2]]
    assert chosen(Rules(), [3.0, 2.0, 1.0], found, terms=copies) == [0, 2]
    assert chosen(Rules(), [3.0, 2.0, 1.0], found, budget=1200) == [0, 1]
    assert chosen(Rules(), [3.0, 2.0, 1.0], found, budget=10) == [0]


def copies(*held: list[int]) -> list[list[int]]:
    """For each fragment that holds these terms, which ones are its near-copies."""
    overlaps = Overlaps([np.array(terms, dtype="<u4") for terms in held])
    return [np.flatnonzero(overlaps.copies_of(row)).tolist() for row in range(len(held))]


def test_most_of_the_smaller_ones_terms_make_a_near_copy() -> None:
    ten = list(range(10))
    assert copies(ten, [*range(8), 90, 91], [*range(7), 90, 91, 92]) == [[0, 1], [0, 1, 2], [1, 2]]
    assert copies(ten, [*range(30)], [*ten, *ten]) == [[0, 1, 2]] * 3


def test_of_few_terms_only_all_alike_make_a_near_copy() -> None:
    assert copies([1, 2, 3], [3, 2, 1, 1], [1, 2], [], []) == [[0, 1], [0, 1], [2], [], []]
