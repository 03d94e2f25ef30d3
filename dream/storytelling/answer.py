"""Answer: from what a provider sends to what a storyteller yields. What all providers' contracts share is here."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from dream.storytelling.faults import Broken, failure
from dream.storytelling.pieces import Pieces
from dream.storytelling.storytellers import Finish, Reason

# Providers name the same endings differently; compared in small letters.
_FINISHED = {"stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed"}
_CUT_SHORT = {"length", "max_tokens", "max_output_tokens", "model_length"}
_WITHHELD = {
    "content_filter",
    "content_filtered",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "guardrail_intervened",
}


@dataclass(frozen=True, slots=True)
class LastWord:
    """A provider's own word for why it ended, and the tokens it counted."""

    reason: str
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


def answer(sent: Generator[str | LastWord, None, None]) -> Iterator[str | Finish]:
    """Yields `sent` as text fit to show and, last, its Finish.

    A LastWord may be followed by a fuller one; whatever breaks after it no longer matters, for the storyteller has
    said that it is done. Raises StorytellerFailed where `sent` raises Broken, ends without a LastWord or without any
    text, or was held back.
    """
    pieces, told, last = Pieces(), False, None
    try:
        with closing(sent):
            for item in sent:
                if isinstance(item, LastWord):
                    last = item
                elif not item:
                    yield ""  # nothing has come yet
                elif text := pieces.mend(item):
                    told = told or not text.isspace()
                    yield text
    except Broken as broken:
        if last is None:
            raise failure(broken, told=told) from None
    if rest := pieces.rest():
        told = True
        yield rest
    try:
        yield _finish(last, told)
    except Broken as broken:
        raise failure(broken, told=told) from None


def _finish(last: LastWord | None, told: bool) -> Finish:
    if last is None:
        raise Broken("cut_off")
    reason = _reason(last.reason.lower())
    if not told:
        raise Broken("told_nothing")
    return Finish(reason, last.prompt_tokens, last.answer_tokens)


def _reason(word: str) -> Reason:
    if word in _FINISHED:
        return "finished"
    if word in _CUT_SHORT:
        return "cut_short"
    # A call for a tool that was never offered, or a word nobody knows: not an end that can be vouched for.
    raise Broken("provider_withheld" if word in _WITHHELD else "provider_failed")
