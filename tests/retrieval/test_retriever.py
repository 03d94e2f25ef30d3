"""The retriever: what fits comes first, what does not fit does not come, and nothing typed breaks it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from dream.retrieval.candidates import Floats
from dream.retrieval.fusion import WEIGHTS, Fusion
from dream.retrieval.placement import PlacedVectors, Placement
from dream.retrieval.question import Kind
from dream.retrieval.retriever import AT_ONCE, Filters, Retriever
from dream.retrieval.vectors import VectorStores
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
    assert set(hit.reasons) == {"meaning", "words", "late"}
    assert [hit.fragment.text[start:end].lower() for start, end in hit.spans].count("lamp") >= 1
    assert {"lamp", "keepers"} <= {word.lower() for word in hit.words}


def test_what_had_no_say_is_no_reason(stocked: Service) -> None:
    """The model reads Korean letter by letter: it is not heard, and so nothing else is asked of it."""
    korean = stocked.search("서로 말을 모르는 두 뱃사공")
    assert korean.hits
    assert {name for hit in korean.hits for name in hit.reasons} == {"words"}
    assert not any(name.startswith(("meaning", "late")) for hit in korean.hits for name in hit.stages)
    assert korean.missing == ()


def test_scores_fall_with_the_rank(stocked: Service) -> None:
    scores = [hit.score for hit in stocked.search("a lantern on the ebb").hits]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 3


def test_words_beside_each_other_as_they_were_asked_for_are_noted(service: Service, tmp_path: Path) -> None:
    told = {"pair": "She lost her golden ball.", "apart": "The ball was golden.", "across": "A golden", "next": "ball"}
    for name, words in told.items():
        (tmp_path / f"{name}.txt").write_text(words)
    list(service.ingest.files([tmp_path], "other"))
    scored = service.retriever.score(service.corpus("other").id, "the golden ball")
    fragments = service.library.fragments.live([place.id for place in scored.candidates.places])
    names = [Path(fragments[place.id].source).stem for place in scored.candidates.places]
    assert {name for name, pairs in zip(names, scored.columns["words_pairs"], strict=True) if pairs > 0} == {"pair"}
    assert sorted(names) == sorted(told)


def test_names_tell_works_apart_and_other_words_their_fragments(stocked: Service) -> None:
    scored = stocked.retriever.score(stocked.corpus("starter").id, "Whom did the pedlar tell of Ilse?")
    columns, works = scored.columns, scored.candidates.works
    for name in (name for name in columns if name.startswith("work_late")):
        assert all(len(set(columns[name][works == work].tolist())) == 1 for work in set(works.tolist()))
    nameless = stocked.retriever.score(stocked.corpus("starter").id, "whom did the pedlar tell of ilse?")
    assert not nameless.columns["work_late_names"].any()
    assert scored.columns["work_late_names"].any()
    assert (columns["late_plain"] < nameless.columns["late_plain"]).any()
    assert columns["place"].tolist() == [place.position for place in scored.candidates.places]


def test_overlapping_terms_make_no_pairs(service: Service, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("두 뱃사공은 서로 말을 몰랐다.")
    list(service.ingest.files([tmp_path], "other"))
    scored = service.retriever.score(service.corpus("other").id, "뱃사공은")
    assert scored.columns["words_window"].tolist() > [0.0]
    assert scored.columns["words_pairs"].tolist() == [0.0]


def test_a_budget_is_filled_with_whole_fragments_and_not_passed(stocked: Service) -> None:
    hits = stocked.search("a lantern on the ebb", budget=2500).hits
    assert 1500 < sum(len(hit.fragment.text) for hit in hits) <= 2500


def test_the_first_fragment_is_given_even_where_it_is_longer_than_the_budget(stocked: Service) -> None:
    assert len(stocked.search("a lantern on the ebb", budget=10).hits) == 1


def test_a_story_draws_on_several_tales_where_a_search_need_not(stocked: Service) -> None:
    corpus, query = stocked.corpus("starter").id, "a lantern on the ebb"
    searched = stocked.retriever.search(corpus, query, budget=4000).hits
    laid = stocked.retriever.for_story(corpus, [query], limit=10, budget=4000, language="en").hits
    assert len({hit.fragment.work_id for hit in laid}) >= len({hit.fragment.work_id for hit in searched}) >= 2


def test_each_wish_of_a_story_is_answered(stocked: Service) -> None:
    corpus = stocked.corpus("starter").id
    wishes = ["a pedlar and a button that belongs to no coat", "the keeper who may not lie inside the lamp room"]
    laid = stocked.retriever.for_story(corpus, wishes, limit=4, budget=6000).hits
    assert {"Eleven Coats", "Ask Him on the Stairs"} <= {hit.fragment.title for hit in laid}


def test_near_copies_are_given_once(stocked: Service) -> None:
    fragment = stocked.search("the lamp room of the keepers").hits[0].fragment
    copy = stocked.settings.home / "copy.txt"
    copy.write_text(fragment.text + " And so on.")
    list(stocked.ingest.files([copy], "starter"))
    found = [hit.fragment.text for hit in stocked.search("the lamp room of the keepers").hits]
    assert (fragment.text in found) != (copy.read_text() in found)


def test_a_language_is_kept_to_where_one_is_asked_for(stocked: Service) -> None:
    corpus = stocked.corpus("starter").id
    hits = stocked.retriever.search(corpus, "a ferryman and the sea 뱃사공", filters=Filters(language="ko")).hits
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


def test_filters_keep_to_a_work_and_a_licence(stocked: Service) -> None:
    work = stocked.search("a lantern on the ebb").hits[0].fragment.work_id
    hits = stocked.search("a lantern on the ebb", filters=Filters(work=work)).hits
    assert {hit.fragment.work_id for hit in hits} == {work}
    assert stocked.search("a lantern on the ebb", filters=Filters(licence="none such")).hits == ()


def test_what_stands_beside_the_first_is_a_candidate(stocked: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = stocked.corpus("starter").id

    def proposed(most: int, around: int) -> set[tuple[str, int]]:
        for name, value in (("BY", most), ("BESIDE", around)):
            monkeypatch.setattr(f"dream.retrieval.retriever.{name}_WORDS", value)
            monkeypatch.setattr(f"dream.retrieval.retriever.{name}_MEANING", value)
        scored = stocked.retriever.score(corpus, "the keeper who may not lie inside the lamp room")
        return {(place.work_id, place.position) for place in scored.candidates.places}

    first, everything = proposed(1, 0), proposed(1000, 0)
    beside = {(work, position + step) for work, position in first for step in (-1, 1)} & everything
    assert beside - first
    assert proposed(1, 1) == first | beside


DAMAGE = [
    ("DELETE FROM postings", "words"),
    ("DELETE FROM readings", "windows"),
    ("DELETE FROM meanings", "late"),
    ("DROP TABLE postings", "words"),
    ("UPDATE meanings SET word_vectors = x'0102'", "late"),
]


@pytest.mark.parametrize(("damage", "stage"), DAMAGE)
def test_the_other_stages_answer_where_one_is_damaged(stocked: Service, damage: str, stage: str) -> None:
    stocked.mending.close()
    with stocked.database.write() as session:
        session.execute(text(damage))
    found = stocked.search("the keeper who may not lie inside the lamp room")
    assert stage in found.missing
    assert found.hits[0].fragment.title == "Ask Him on the Stairs"


def test_a_missing_index_is_made_anew(stocked: Service) -> None:
    query = "the keeper who may not lie inside the lamp room"
    before = stocked.search(query)
    with stocked.database.write() as session:
        for table in ("postings", "readings", "meanings", "lexicons"):
            session.execute(text(f"DELETE FROM {table}"))
    assert stocked.search(query).missing
    assert stocked.mending.wait(60)
    assert stocked.search(query) == before


def test_lost_vectors_are_named_and_made_anew(stocked: Service) -> None:
    stocked.vectors.drop(stocked.corpus("starter").id)
    found = stocked.search("the lamp room")
    assert "vectors" in found.missing
    assert found.hits
    assert stocked.mending.wait(60)
    assert stocked.search("the lamp room").missing == ()


ODD_TEXTS = ["One sentence only.", "Lamp", "lamp and tide " * 2_000]


@pytest.mark.parametrize("words", ODD_TEXTS, ids=["a sentence", "a word", "no full stop"])
def test_a_corpus_of_one_odd_text_is_searched(stocked: Service, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text(words)
    assert [done.outcome for done in stocked.ingest.files([path], "odd")] == ["new"]
    found = stocked.search("one lamp sentence", "odd")
    assert found.missing == ()
    assert found.hits


def test_what_is_replaced_leaves_nothing_in_any_index(stocked: Service, tmp_path: Path) -> None:
    path = tmp_path / "tale.txt"
    counts = []
    for words in ("The whale sang.", "The wren sang.", "The whale sang."):
        path.write_text(words)
        list(stocked.ingest.files([path], "other"))
        with stocked.database.read() as session:
            counts.append(
                [
                    session.scalar(text(f"SELECT count(*) FROM {table}"))
                    for table in ("postings", "lexicons", "readings", "meanings")
                ]
            )
    assert counts[0] == counts[1] == counts[2]
    assert not any(hit.words for hit in stocked.search("wren", "other").hits)
    assert stocked.search("whale", "other").hits[0].fragment.text == "The whale sang."


def test_reindex_gives_the_same_answers(stocked: Service) -> None:
    before = stocked.search("a lantern on the ebb")
    list(stocked.indexing.reindex())
    assert stocked.search("a lantern on the ebb") == before


def test_nobody_has_a_turn_while_waiting_for_the_vectors(stocked: Service) -> None:
    together = threading.Barrier(AT_ONCE + 1)

    class Slow(Placement):
        """Vectors that answer once all have asked."""

        def of(self, embedding: str) -> PlacedVectors:
            together.wait(60)
            return stocked.vector_stores.of(embedding)

    slow = Slow(stocked.library, VectorStores(stocked.settings.home / "elsewhere"))
    retriever, corpus = Retriever(stocked.library, slow, stocked.model), stocked.corpus("starter").id
    with ThreadPoolExecutor(AT_ONCE + 1) as readers:
        asked = [
            readers.submit(retriever.search, corpus, f"a lantern and {number} bells") for number in range(AT_ONCE + 1)
        ]
        assert all(each.result(60).hits for each in asked)
        assert not any(each.result().missing for each in asked)


def test_no_more_searches_compute_together_than_there_are_turns(stocked: Service) -> None:
    free: list[int] = []

    class Watching(Fusion):
        """Counts the turns that nobody has while a search computes."""

        def fuse(self, kind: Kind, found: Mapping[str, Floats], *, meaning: bool) -> Floats:
            taken = sum(iter(lambda: retriever._turns.acquire(blocking=False), False))
            retriever._turns.release(taken)
            free.append(taken)
            return super().fuse(kind, found, meaning=meaning)

    weights = orjson.loads(files("dream.retrieval").joinpath(WEIGHTS).read_bytes())
    retriever = Retriever(stocked.library, stocked.vector_stores, stocked.model, fusion=Watching(weights))
    assert retriever.search(stocked.corpus("starter").id, "a lantern on the ebb").hits
    assert free == [AT_ONCE - 1]
