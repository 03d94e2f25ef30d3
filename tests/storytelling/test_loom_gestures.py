"""How somebody moved a hand or a face is seen; nobody carries it from house to house."""

from __future__ import annotations

import re

import pytest

from dream.storytelling.storytellers.loom import weave
from dream.storytelling.storytellers.loom.english.clauses import clauses_of
from dream.storytelling.storytellers.loom.english.frames import frames
from dream.storytelling.storytellers.loom.reading import Passage, Request

TALE = (
    "The midwife opened her mouth before the whole of the parish. The reeve blew his nose for some time in the "
    "vestry. The ferryman shook his head at the heap of wet nets. The miller stared across the frozen water."
)
TOLD = [
    frame
    for file in ("overheard", "told", "written", "remembered")
    for part in ("first", "more")
    for frame in frames(file, part)
]


@pytest.mark.parametrize(
    ("told", "gesture"),
    [
        ("The midwife opened her mouth before the whole parish.", True),
        ("The reeve had blown his nose for some time in the vestry.", True),
        ("The miller slowly shook his head at the sacks.", True),
        ("The reeve put his spoon down and looked behind him.", True),
        ("The reeve put his savings down a dry well.", False),
        ("The midwife opened her shop before the whole parish.", False),
        ("The miller shook the sack until the mice came out.", False),
        ("The reeve sat for seven years under the bridge.", False),
    ],
)
def test_a_gesture_is_told_from_a_deed(told: str, gesture: bool) -> None:
    [clause] = clauses_of(Passage(1, told, "A tale", "", "en", True), frozenset())
    assert clause.gesture is gesture


def test_gestures_are_seen_and_not_passed_on() -> None:
    fixed = [max(re.split(r"\{\w+\}", frame.text), key=len) for frame in TOLD]
    seen = 0
    for seed in range(30):
        passage = Passage(1, TALE, "A tale", "", "en", True)
        wish = "A bell founder looks for the bell that nobody may hear"
        lines = weave(Request("en", "long", "inspired", wish, "", "", "", "", "", (passage,), seed))
        leaning = [line.text for line in lines if line.passage == 1]
        seen += len(leaning)
        assert [(text, piece) for text in leaning for piece in fixed if len(piece.split()) > 2 and piece in text] == []
    assert seen > 0
