"""The retriever: fragments of a corpus that fit a query, best first, each with the reasons it was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dream.language.hangul import language_of
from dream.language.terms import terms
from dream.retrieval.embedding import Embedder
from dream.retrieval.fragment import Fragment, Hit
from dream.retrieval.fusion import fuse
from dream.retrieval.lexical import LexicalIndex, query_terms
from dream.retrieval.vectors import VectorStore
from dream.store.library import Library

CANDIDATES = 80
"""How many fragments each stage proposes."""

WEIGHTS = {"en": (1.0, 1.0), "ko": (0.25, 1.0)}
"""Of meaning and words, by the query's language: the default embedding model knows little Korean."""

FAINT = 0.28
"""A fragment that shares no word with the query and has a cosine below this does not fit it."""

NEAR_COPY = 0.8
"""Two fragments that share this much of the smaller one's terms are near-copies; only the better one is kept."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first. `missing` names the stages that could not take part, such as "meaning" before the set-up."""

    hits: tuple[Hit, ...]
    missing: tuple[str, ...] = ()


class Retriever:
    """`embedder` gives the model, or None while there is none: then words alone decide, and `Found.missing` says so."""

    def __init__(
        self, library: Library, lexical: LexicalIndex, vectors: VectorStore, embedder: Callable[[], Embedder | None]
    ) -> None:
        self._library = library
        self._lexical = lexical
        self._vectors = vectors
        self._embedder = embedder

    def search(
        self,
        corpus_id: str,
        query: str,
        *,
        limit: int = 20,
        budget: int | None = None,
        language: str | None = None,
        most_per_work: int | None = None,
    ) -> Found:
        """At most `limit` hits within `budget` characters of fragment text, in `language` only where one is named.

        `most_per_work` keeps one work from filling an answer that several should share. A query that nothing fits
        has no hits.
        """
        looked_up = query_terms(query)
        if not looked_up:
            return Found(())
        words = self._lexical.search(corpus_id, looked_up, CANDIDATES)
        meaning, missing = self._meaning(corpus_id, query, words)
        candidates = [id_ for id_ in {**meaning, **words} if id_ in words or meaning[id_] >= FAINT]
        weights = WEIGHTS[language_of(query)]
        scores = fuse(candidates, [(weights[0], meaning), (weights[1], words)])
        fragments = self._library.works.fragments(candidates, corpus_id=corpus_id)
        ranked = [fragments[id_] for id_ in scores if id_ in fragments and language in (None, fragments[id_].language)]
        chosen = _fill(_different(ranked, limit, most_per_work), budget)
        return Found(tuple(self._hits(chosen, scores, meaning, words, looked_up)), missing)

    def _meaning(self, corpus_id: str, query: str, words: dict[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
        """Cosines of the nearest fragments and of those found by their words."""
        embedder = self._embedder()
        if embedder is None:
            return {}, ("meaning",)
        vector = embedder.embed_query(query)
        nearest = self._vectors.query(corpus_id, vector, CANDIDATES)
        rest = [id_ for id_ in words if id_ not in nearest]
        return {**nearest, **self._vectors.cosines(corpus_id, vector, rest)}, ()

    def _hits(
        self,
        chosen: Sequence[Fragment],
        scores: dict[str, float],
        meaning: dict[str, float],
        words: dict[str, float],
        looked_up: list[str],
    ) -> list[Hit]:
        hits = []
        for rank, fragment in enumerate(chosen, 1):
            stages = {"meaning": meaning, "words": words}
            reasons = {name: round(stage[fragment.id], 4) for name, stage in stages.items() if fragment.id in stage}
            shared = _shared_words(fragment.text, set(looked_up)) if fragment.id in words else ()
            hits.append(Hit(fragment, round(scores[fragment.id], 4), rank, reasons, shared))
        return hits


def _different(ranked: Sequence[Fragment], limit: int, most_per_work: int | None) -> list[Fragment]:
    """The first `limit` fragments without near-copies, at most so many of one work."""
    kept: list[tuple[Fragment, frozenset[str]]] = []
    per_work: Counter[str] = Counter()
    for fragment in ranked:
        if len(kept) == limit:
            break
        if most_per_work is not None and per_work[fragment.work_id] == most_per_work:
            continue
        held = frozenset(term.text for term in terms(fragment.text))
        if not any(len(held & other) >= NEAR_COPY * min(len(held), len(other)) for _, other in kept):
            kept.append((fragment, held))
            per_work[fragment.work_id] += 1
    return [fragment for fragment, _ in kept]


def _fill(ranked: Sequence[Fragment], budget: int | None) -> list[Fragment]:
    """Whole fragments in rank order within the budget; one that does not fit any more is passed over, but the first
    is always taken.
    """
    if budget is None:
        return list(ranked)
    chosen: list[Fragment] = []
    for fragment in ranked:
        if not chosen or len(fragment.text) <= budget:
            chosen.append(fragment)
            budget -= len(fragment.text)
    return chosen


def _shared_words(passage: str, looked_up: set[str]) -> tuple[str, ...]:
    """The words of the passage, as they stand there, that the query was found by."""
    found = {term.text: passage[term.start : term.end] for term in terms(passage) if term.text in looked_up}
    return tuple(found.values())
