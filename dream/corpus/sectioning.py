"""Sectioning: a document's parts cut into fragments at the ends of sentences."""

from __future__ import annotations

from collections.abc import Iterator

from dream.corpus.document import Part
from dream.language.sentences import Span, sentences

# Characters a fragment aims for. The default embedding model reads 256 tokens: about 1,000 letters of English, but
# half as many of Korean.
TARGET = {"en": 900, "ko": 450}
SHORTEST_TAIL = 0.35
LONGEST = 1.35


def cut(text: str, part: Part, language: str) -> list[Span]:
    """The spans of a part's fragments, in order: whole sentences, near the target length, no overlap.

    A last fragment that would be a mere tail is joined to the one before; a sentence longer than a fragment is cut
    at a space.
    """
    target = TARGET.get(language, TARGET["en"])
    spans: list[Span] = []
    for sentence in _short_enough(text, part, int(target * LONGEST)):
        last = spans[-1] if spans else None
        if last and sentence.end - last.start <= target:
            spans[-1] = Span(last.start, sentence.end)
        else:
            spans.append(sentence)
    if len(spans) > 1:
        before, tail = spans[-2:]
        if tail.end - tail.start < target * SHORTEST_TAIL and tail.end - before.start <= target * LONGEST:
            spans[-2:] = [Span(before.start, tail.end)]
    return spans


def _short_enough(text: str, part: Part, longest: int) -> Iterator[Span]:
    for sentence in sentences(text[part.start : part.end]):
        start, end = sentence.start + part.start, sentence.end + part.start
        while end - start > longest:
            space = text.rfind(" ", start + longest // 2, start + longest)
            stop = space if space > 0 else start + longest
            yield Span(start, stop)
            start = stop + (1 if space > 0 else 0)
        yield Span(start, end)
