"""Briefs: a reader's words, kept as they were meant or refused with what to change."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dream.storytelling.brief import Brief


@pytest.mark.parametrize("premise", ["", "   ", "...", "x" * 2001, "a\x00b", "a\x1bb", "\ud800", "\u202e\u200b"])
def test_a_premise_that_cannot_be_told_is_refused(premise: str) -> None:
    with pytest.raises(ValidationError):
        Brief(premise=premise)


@pytest.mark.parametrize("premise", ["x" * 2000, "등대", "🌊 and a bell", "line one\nline two", "Ünïcödé"])
def test_a_premise_is_kept(premise: str) -> None:
    assert Brief(premise=premise).premise == premise


def test_a_premise_is_composed_and_freed_of_what_cannot_be_seen() -> None:
    assert Brief(premise=" cafe\u0301 \u202eby\u202c the\r\nsea ").premise == "café by the\nsea"


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        Brief.model_validate({"premise": "A bell.", "model": "other"})


@pytest.mark.parametrize(
    ("premise", "language"), [("A bell rang", "en"), ("종이 울렸다", "ko"), ("돌종 bell", "ko"), ("123", "en")]
)
def test_the_language_follows_the_premise(premise: str, language: str) -> None:
    assert Brief(premise=premise).spoken_language == language
