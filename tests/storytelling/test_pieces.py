"""Pieces are mended in their order."""

from __future__ import annotations

import pytest

from dream.storytelling.pieces import Pieces


def mended(*pieces: str) -> list[str]:
    mender = Pieces()
    return [*map(mender.mend, pieces), mender.rest()]


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        (["plain", " 이야기\n\tagain"], ["plain", " 이야기\n\tagain", ""]),
        (["a\ud83d", "\ude00b"], ["a", "\U0001f600b", ""]),
        (["\ud83d", "", "\ude00"], ["", "", "\U0001f600", ""]),
        (["\ud83d", "\x00", "\ude00"], ["", "", "\U0001f600", ""]),
        (["\ud83d", "b"], ["", "\ufffdb", ""]),
        (["a\ud83d"], ["a", "\ufffd"]),
        (["\ude00a\ud83d\ud83d\ude00"], ["\ufffda\ufffd\U0001f600", ""]),
        (["a\x00\x1b\x7f\x9fb\r\n"], ["ab\n", ""]),
    ],
)
def test_pieces_are_mended(pieces: list[str], told: list[str]) -> None:
    assert mended(*pieces) == told
