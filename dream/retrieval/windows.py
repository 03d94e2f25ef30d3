"""Windows: a fragment's sentences in groups of about 300 characters, small enough to hold one thing that happens."""

from __future__ import annotations

from dream.language.sentences import Span, sentences

LONGEST = 320


def windows(passage: str) -> list[Span]:
    """The spans of a passage's windows, in order: whole sentences; one for a passage of a single sentence."""
    found: list[Span] = []
    for sentence in sentences(passage):
        if found and sentence.end - found[-1].start <= LONGEST:
            found[-1] = Span(found[-1].start, sentence.end)
        else:
            found.append(sentence)
    return found
