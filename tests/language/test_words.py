"""Words as a reader counts them, and the readings of Korean words."""

from __future__ import annotations

import pytest

from dream.language.words import korean_stems, words


def test_a_word_is_bare_and_knows_its_place() -> None:
    text = "“Don’t,” said *Hanne Brandt*… forty-one steps — 등불을!"
    found = list(words(text))
    assert [word.text for word in found] == ["don't", "said", "hanne", "brandt", "forty-one", "steps", "등불을"]
    assert [text[word.start : word.end] for word in found] == [
        "Don’t", "said", "Hanne", "Brandt", "forty-one", "steps", "등불을",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["went—and", "went--and", "went – and", "went\n\nand"])
def test_dashes_and_paragraphs_part_words(text: str) -> None:
    assert [word.text for word in words(text)] == ["went", "and"]


@pytest.mark.parametrize("text", ["", " \n ", "— * … “”", "_"])
def test_punctuation_is_no_word(text: str) -> None:
    assert list(words(text)) == []


@pytest.mark.parametrize(
    ("one", "other", "stem"),
    [
        ("등불이", "등불을", "등불"),
        ("소금장수가", "소금장수에게", "소금장수"),
        ("모랫길에서", "모랫길로", "모랫길"),
        ("돌종은", "돌종까지도", "돌종"),
        ("갚으러", "갚지", "갚"),
        ("끌어간", "끌어가며", "끌어가"),
    ],
)
def test_words_of_one_stem_share_it(one: str, other: str, stem: str) -> None:
    assert stem in korean_stems(one)
    assert stem in korean_stems(other)


def test_the_word_itself_is_its_first_reading() -> None:
    assert korean_stems("종이")[0] == "종이"
    assert korean_stems("Pell") == ("Pell",)
    assert korean_stems("𝒳") == ("𝒳",)
