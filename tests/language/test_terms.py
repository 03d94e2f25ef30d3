"""Terms: what a text is indexed and compared by."""

from __future__ import annotations

import threading

from dream.language.terms import content_terms, forms, terms


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


def test_forms_are_the_wanted_terms_as_they_stand_in_the_order_of_the_text() -> None:
    text = "LAMP's and a lantern: the lamp oil, 뱃사공의 등불"
    wanted = {term.text for term in terms("oil lamp 사공 등불 whale")}
    assert forms(text, wanted) == {"lamp": "LAMP's", "oil": "oil", "사공": "사공", "등불": "등불"}
    assert forms("종", {"종"}) == {"종": "종"}


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
