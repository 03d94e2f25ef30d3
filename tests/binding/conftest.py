"""A book with everything in it that a format could trip over."""

from __future__ import annotations

from datetime import date

import pytest

from dream.binding.book import Book, Chapter, Note
from dream.storytelling.prose import Run

ENGLISH = Book(
    id="story-1",
    title="A keeper & the <bell> of “Cold Point”",
    language="en",
    tellers=("loom",),
    told_on=date(2026, 3, 9),
    told_at="2026-03-09T10:00:00Z",
    chapters=(
        Chapter(
            "",
            (
                (Run("There was once a keeper & her <bell>. "), Run("The bell hung in fog.", (1,), False, (1,))),
                (
                    Run("# Not a heading, *not* a list\n1. and not one either; \x0b "),
                    Run("rung by hand", (2,), True, (2, 1)),
                ),
            ),
        ),
        Chapter("Let the tide come in", ((Run("The tide came in."),),)),
    ),
    notes=(
        Note(1, "Ask Him on the Stairs", "The dream project", "CC0-1.0", False),
        Note(2, "", "", "", True),
    ),
)  # fmt: skip

KOREAN = Book(
    id="story-2",
    title="종을 잃은 등대지기",
    language="ko",
    tellers=("loom", "gpt-4.1-mini", "reader"),
    told_on=date(2026, 3, 9),
    told_at="2026-03-09T10:00:00Z",
    chapters=(
        Chapter(
            "",
            (
                (
                    Run("옛날 어느 섬에 등대지기가 살았다. 종은 뙇 하고 울지 않았다. "),
                    Run("안개가 짙었다.", (1,), False, (1,)),
                ),
            ),
        ),
    ),
    notes=(Note(1, "안개 종", "The dream project", "CC0-1.0", False),),
)


@pytest.fixture(params=[ENGLISH, KOREAN], ids=["english", "korean"])
def book(request: pytest.FixtureRequest) -> Book:
    bound: Book = request.param
    return bound


@pytest.fixture
def english() -> Book:
    return ENGLISH
