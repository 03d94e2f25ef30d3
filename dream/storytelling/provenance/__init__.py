"""Threads: which of its fragments each sentence of a scene leans on, and the runs of words it copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dream.language.hangul import language_of
from dream.language.sentences import sentences
from dream.storytelling.provenance.copied import copied_runs
from dream.storytelling.provenance.evidence import gather
from dream.storytelling.provenance.model import model_for
from dream.storytelling.provenance.thread import CopiedRun, Provenance, Thread, Tie

if TYPE_CHECKING:
    from dream.retrieval.embedding import Embedder
    from dream.retrieval.fragment import Fragment

__all__ = ["CopiedRun", "Provenance", "Thread", "Tie", "trace"]

_SAYS = re.compile(r"[^\W_]")  # punctuation alone is near other punctuation, and says nothing
_MOST_TIES = 3
_FAINT = 0.1  # beside a stronger tie, a weaker one than this is not worth showing


def trace(text: str, fragments: Sequence[Fragment], embedder: Embedder | None, *, known: str = "") -> Provenance:
    """The threads and copied runs of a scene that was told from `fragments`, in the order of its text.

    `known` is what needs no source: the reader's own words. Without an embedder, or with one that no weights were
    fitted to, wording alone decides.
    """
    sources = [fragment for fragment in fragments if _SAYS.search(fragment.text)]
    if not _SAYS.search(text) or not sources:
        return Provenance()
    return Provenance(_threads(text, sources, embedder, known), copied_runs(text, sources))


def _threads(text: str, sources: Sequence[Fragment], embedder: Embedder | None, known: str) -> tuple[Thread, ...]:
    language = language_of(text)
    model = model_for(language, embedder)
    texts = [fragment.text for fragment in sources]
    found = gather(text, texts, embedder if model.embedder else None, language=language, known=known)
    return tuple(
        Thread(span.start, span.end, _ties(row.tolist(), sources))
        for span, row in zip(sentences(text), model.likelihoods(found), strict=True)
        if row.sum() >= model.least
    )


def _ties(chances: Sequence[float], sources: Sequence[Fragment]) -> tuple[Tie, ...]:
    order = sorted(range(len(chances)), key=lambda number: -chances[number])[:_MOST_TIES]
    kept = [number for number in order if chances[number] >= _FAINT] or order[:1]
    return tuple(Tie(sources[number].id, round(chances[number], 3)) for number in kept)
