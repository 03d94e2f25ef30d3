"""Terms: what a text is indexed and compared by."""

from __future__ import annotations

import threading

import pytest

from dream.language.terms import content_terms, is_word, marks, terms, unparted


def texts(source: str) -> list[str]:
    return [term.text for term in terms(source)]


def test_latin_words_are_folded_and_stemmed() -> None:
    assert texts("The Keeper's LAMPS were Éclairé") == ["the", "keeper", "lamp", "were", "eclair"]


def test_hangul_becomes_overlapping_bigrams_so_that_particles_do_not_hide_a_noun() -> None:
    assert texts("돌종섬의 돌종을") == ["돌종", "종섬", "섬의", "돌종", "종을"]
    assert texts("물") == ["물"]


def test_scripts_that_touch_are_parted() -> None:
    assert texts("Sellen의 bell") == ["sellen", "의", "bell"]


def test_spans_give_the_words_as_they_stand() -> None:
    source = "🌊 The bells rang"
    assert [source[term.start : term.end] for term in content_terms(source)] == ["bells", "rang"]


def marked(text: str, query: str) -> list[str]:
    words = {term.text for term in terms(query) if is_word(term.text)} | unparted(query)
    return [text[mark.start : mark.end] for mark in marks(text, words)]


def test_marks_are_the_words_as_they_stand_in_the_order_of_the_text() -> None:
    text = "LAMP's and a lantern: the lamp oil, 뱃사공의 등불"
    assert marked(text, "oil lamp 사공 등불 whale") == ["LAMP's", "lamp", "oil", "사공", "등불"]
    assert marked("종, 큰종", "종") == ["종"]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("다리를 뻗고 낮은 목소리는", "배를 기다리는 사람의 다리", ["다리"]),
        ("사람답게 기다리다가", "배를 기다리는 사람", ["사람", "기다리"]),
        ("나룻배를 기다란 줄에", "배를 기다리는", ["배를", "기다"]),
        ("혼자기다리는", "기다리면", ["기다리"]),
        ("낮은 목소리는 다리를", "기다리는", ["리는", "다리"]),
    ],
)
def test_a_word_without_a_stem_is_marked_where_it_begins_and_by_its_pairs_where_nowhere(
    text: str, query: str, found: list[str]
) -> None:
    assert marked(text, query) == found


def test_stop_words_are_left_out_of_content() -> None:
    assert [term.text for term in content_terms("It was what they'd have said")] == ["they'd".replace("'", "")]


def test_nothing_a_reader_types_is_an_operator() -> None:
    assert all(term.isalnum() for term in texts("bell\" OR * NEAR(lamp, 3) -- {x} ^ corpus:c1 '; DROP"))


def test_stemming_is_safe_from_many_threads() -> None:
    words = [f"walking{n}" for n in range(2000)]
    expected = [texts(word) for word in words]
    results: list[list[list[str]]] = []
    threads = [threading.Thread(target=lambda: results.append([texts(word) for word in words])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4
