"""Sentences, in English and Korean prose."""

from __future__ import annotations

import pytest

from dream.language.sentences import paragraphs, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The bell rang. Nobody slept.", ["The bell rang.", "Nobody slept."]),
        ('"Will you go?" said the fox. "Yes!" He went.', ['"Will you go?" said the fox.', '"Yes!"', "He went."]),
        ("Mr. Fenn wrote it down. J. Tam read it.", ["Mr. Fenn wrote it down.", "J. Tam read it."]),
        ("It was I. Then it was not.", ["It was I.", "Then it was not."]),
        ("It rained... and rained. Then it stopped.", ["It rained... and rained.", "Then it stopped."]),
        ("No stop at all", ["No stop at all"]),
        ("One line\n\nanother line", ["One line", "another line"]),
        ("연이는 종을 쳤다. 물이 돌아왔다.", ["연이는 종을 쳤다.", "물이 돌아왔다."]),
        ("“가자.” 하고 말했다. 모두 일어섰다.", ["“가자.” 하고 말했다.", "모두 일어섰다."]),
        ("“갔느냐?” 연이가 물었다.", ["“갔느냐?”", "연이가 물었다."]),
        ("", []),
        (" \n\n ", []),
        ("...!?", ["...!?"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_spans_count_code_points() -> None:
    text = "🌊 came. 🔔 rang."
    assert [text[start:end] for start, end in sentences(text)] == ["🌊 came.", "🔔 rang."]


def test_paragraphs_are_parted_by_empty_lines_alone() -> None:
    text = "one\ntwo\n \n\nthree\n"
    assert [text[start:end] for start, end in paragraphs(text)] == ["one\ntwo", "three"]
