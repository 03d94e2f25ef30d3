"""Event lines, however they are cut into chunks."""

from __future__ import annotations

import pytest

from dream.storytelling.answer import LastWord
from dream.storytelling.chat_stream import LINE_LIMIT, read
from dream.storytelling.faults import Broken
from tests.fakes.scenario import event, usage

WHOLE = event("m", {"content": "등대의 "}) + event("m", {"content": "종"}) + event("m", {}, "stop") + usage("m", 2)
SAID = ["등대의 ", "종", LastWord("stop"), LastWord("stop", 11, 2)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_chunks_may_be_cut_anywhere(size: int, end: bytes) -> None:
    sent = (WHOLE + b"data: [DONE]\n\n").replace(b"\n", end)
    assert list(read(sent[start : start + size] for start in range(0, len(sent), size))) == SAID


def test_nothing_is_read_after_done() -> None:
    assert list(read([WHOLE + b"data: [DONE]\n\n" + event("m", {"content": "more"})])) == SAID


def test_a_line_that_never_ended_is_none() -> None:
    assert list(read([WHOLE, event("m", {"content": "more"})[:-2]])) == SAID


def test_a_space_after_the_colon_is_not_needed() -> None:
    assert list(read([WHOLE.replace(b"data: ", b"data:")])) == SAID


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"<!doctype html>\n", "provider_garbled"),
        (b"data: 5\n", "provider_garbled"),
        (b'data: {"choices": [}\n', "provider_garbled"),
        (b"data: " + b"[" * 100_000 + b"\n", "provider_garbled"),
        (b"x" * (LINE_LIMIT + 1), "provider_garbled"),
        (b'error: {"code":500}\n', "provider_failed"),
        (b'data: {"error":"no"}\n', "provider_failed"),
        (b'data: {"error":{"code":401}}\n', "provider_refused"),
    ],
)
def test_what_is_no_event_stream_breaks(line: bytes, code: str) -> None:
    with pytest.raises(Broken) as broken:
        list(read([line]))
    assert broken.value.code == code
