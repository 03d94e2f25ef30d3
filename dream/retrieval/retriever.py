"""The retriever: fragments of a corpus that fit a query, best first, each with the reasons it was found.

Words and meaning propose candidates; every stage scores them; fusion makes one score; selection chooses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.fragment import Fragment, Hit
from dream.retrieval.fusion import Fusion, shipped
from dream.retrieval.lexical import LexicalIndex, Matches
from dream.retrieval.model import Model
from dream.retrieval.question import Question, ask, query_terms
from dream.retrieval.selection import SEARCH, STORY, Rules, select
from dream.retrieval.stages import Stage, StageMissing
from dream.retrieval.stages.late import Late
from dream.retrieval.stages.meaning import Meaning
from dream.retrieval.stages.windows import Windows
from dream.retrieval.stages.words import Words
from dream.retrieval.vectors import VectorStore
from dream.store.library import Library
from dream.store.library.indexes import Place

STAGES = ("words", "windows", "meaning", "late")
BY_WORDS, BY_MEANING = 90, 60
"""How many candidates the words and the meaning propose."""

OVER_FETCH = 4
"""How many times as many are looked at where filters will drop some of them."""

LATER_WISH = 0.5
"""What each later wish of a story is behind the one before it, as a logarithm."""

FAINT = 0.28
"""A fragment that shares no word with the query and has a cosine below this does not fit it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filters:
    """Only fragments of this work, language or licence; None for any."""

    work: str | None = None
    language: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first. `missing` names the stages that could not take part, such as "meaning" before the set-up."""

    hits: tuple[Hit, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """What the stages made of a query: candidates, all their columns by name, and their fused scores."""

    candidates: Candidates
    columns: dict[str, Floats]
    scores: Floats
    missing: tuple[str, ...]


class Retriever:
    """`model` gives the embedding model with its token space, or None while there is none: then words alone decide, and
    `Found.missing` says so. `damaged` is told of a stage whose store cannot be read, so that it can be made anew.
    """

    def __init__(
        self,
        library: Library,
        vectors: VectorStore,
        model: Callable[[], Model | None],
        *,
        stages: Sequence[str] = STAGES,
        fusion: Fusion | None = None,
        damaged: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._model = model
        self._names = tuple(stages)
        self._fusion = fusion or shipped()
        self._lexical = LexicalIndex(library, self._fusion.presence)
        self._damaged = damaged

    def search(
        self, corpus_id: str, query: str, *, limit: int = 20, budget: int | None = None, filters: Filters | None = None
    ) -> Found:
        """At most `limit` hits within `budget` characters of fragment text. A query that nothing fits has no hits."""
        scored = self.score(corpus_id, query, filters)
        return self._found(scored, query, SEARCH, limit, budget)

    def for_story(
        self, corpus_id: str, queries: Sequence[str], *, limit: int, budget: int, language: str | None = None
    ) -> Found:
        """Fragments to lay before a storyteller: of several tales, and of one author no more than a share.

        Each query is a wish of its own; a fragment counts by the wish it fits best, and the first wish counts most.
        """
        filters = Filters(language=language)
        wishes = [self.score(corpus_id, query, filters) for query in queries if query.strip()]
        if not wishes:
            return Found(())
        return self._found(_joined(wishes), " ".join(queries), STORY, limit, budget)

    def score(self, corpus_id: str, query: str, filters: Filters | None = None) -> Scored:
        """Every candidate for a query with what each stage says of it."""
        model, missing = self._opened()
        question = ask(query, model.embedder if model else None, model.space if model else None)
        matches, missing = self._matches(corpus_id, question, missing)
        nearest, missing = self._nearest(
            corpus_id, question, 1 if filters in (None, Filters()) else OVER_FETCH, missing
        )
        candidates = self._candidates(corpus_id, matches, nearest, filters or Filters())
        columns: dict[str, Floats] = {}
        for stage in self._stages(model):
            if stage.name in missing or not len(candidates):
                continue
            try:
                table = stage.score(question, candidates)
            except StageMissing:
                missing = self._note(stage.name, missing)
            except Exception:  # a damaged store must not keep the other stages from answering
                logger.exception("the stage %s could not take part", stage.name)
                missing = self._note(stage.name, missing)
            else:
                columns.update(zip(stage.columns, table.T, strict=True))
        fused = self._fusion.fuse(question.kind, columns, meaning="meaning" in columns)
        return Scored(candidates, columns, fused if columns else np.zeros(len(candidates)), missing)

    def _opened(self) -> tuple[Model | None, tuple[str, ...]]:
        if "meaning" not in self._names and "late" not in self._names:
            return None, ()
        try:
            model = self._model()
        except Exception:  # see score
            logger.exception("the embedding model could not be opened")
            model = None
        return model, () if model else ("meaning",)

    def _stages(self, model: Model | None) -> list[Stage]:
        stages: list[Stage] = [Words(), Windows(self._library)]
        if model:
            meanings = model.meanings(self._library)
            stages += [Meaning(meanings), Late(meanings)]
        return [stage for stage in stages if stage.name in self._names]

    def _matches(self, corpus_id: str, question: Question, missing: tuple[str, ...]) -> tuple[Matches, tuple[str, ...]]:
        nothing = Matches.none(len(question.terms))
        if "words" not in self._names:
            return nothing, missing
        try:
            matches = self._lexical.search(corpus_id, question.terms)
            if question.terms and not len(matches.keys) and self._lexical.is_missing(corpus_id):
                missing = self._note("words", missing)
        except Exception:  # see score
            logger.exception("the index of words could not be read")
            return nothing, self._note("words", missing)
        return matches, missing

    def _nearest(
        self, corpus_id: str, question: Question, wider: int, missing: tuple[str, ...]
    ) -> tuple[dict[str, float], tuple[str, ...]]:
        if question.vector is None or "meaning" not in self._names:
            return {}, missing
        try:
            nearest = self._vectors.query(corpus_id, question.vector, BY_MEANING * wider)
        except Exception:  # see score
            logger.exception("the vectors could not be read")
            return {}, self._note("vectors", missing)
        if not nearest and self._library.indexes.has_fragments(corpus_id):
            missing = self._note("vectors", missing)
        return nearest, missing

    def _note(self, stage: str, missing: tuple[str, ...]) -> tuple[str, ...]:
        self._damaged(stage)
        return (*missing, stage)

    def _candidates(self, corpus_id: str, matches: Matches, nearest: dict[str, float], filters: Filters) -> Candidates:
        """What words and meaning propose, as far as the filters let it pass, in the order of their keys."""
        indexes, wider = self._library.indexes, 1 if filters == Filters() else OVER_FETCH
        by_meaning = indexes.places_by_id(corpus_id, list(nearest)) if nearest else []
        keys = matches.best(BY_WORDS * wider)
        by_words = {place.key: place for place in (indexes.places_by_key(corpus_id, keys) if keys else [])}
        matched = set(matches.keys.tolist())
        fitting = [by_words[key] for key in keys if key in by_words and _passes(by_words[key], filters)][:BY_WORDS]
        places = {place.key: place for place in fitting}
        for place in by_meaning:
            if _passes(place, filters) and (place.key in matched or nearest[place.id] >= FAINT):
                places[place.key] = place
        return Candidates([place for _, place in sorted(places.items())], matches)

    def _found(self, scored: Scored, query: str, rules: Rules, limit: int, budget: int | None) -> Found:
        candidates, scores = scored.candidates, scored.scores
        if not len(candidates):
            return Found((), scored.missing)
        order = np.argsort(-scores, kind="stable")[: max(3 * limit, 60)].tolist()
        kept = np.full(len(candidates), -np.inf)
        kept[order] = scores[order]
        chosen = select(candidates, kept, self._terms(candidates, order), rules, limit, budget)
        fragments = self._library.works.fragments([candidates.places[row].id for row, _ in chosen])
        there = [(row, score) for row, score in chosen if candidates.places[row].id in fragments]
        looked_up = frozenset(query_terms(query))
        hits = [
            _hit(fragments[candidates.places[row].id], rank, score, scored, row, looked_up)
            for rank, (row, score) in enumerate(there, 1)
        ]
        return Found(tuple(hits), scored.missing)

    def _terms(self, candidates: Candidates, rows: list[int]) -> dict[int, frozenset[int]]:
        """The terms of the best candidates, by which near-copies are known; none where they were not indexed yet."""
        readings = self._library.indexes.readings([candidates.places[row].key for row in rows])
        found = {row: readings.get(candidates.places[row].key, (b"", b""))[0] for row in rows}
        return {row: frozenset(np.frombuffer(terms, dtype="<u4").tolist()) for row, terms in found.items()}


def _passes(place: Place, filters: Filters) -> bool:
    return (
        filters.work in (None, place.work_id)
        and filters.language in (None, place.language)
        and filters.licence in (None, place.licence)
    )


def _joined(wishes: Sequence[Scored]) -> Scored:
    """Several wishes' candidates as one: each at its best likelihood, the later wishes a little less."""
    if len(wishes) == 1:
        return wishes[0]
    best: dict[int, tuple[float, int, int]] = {}
    for number, wish in enumerate(wishes):
        if not len(wish.candidates):
            continue
        likely = wish.scores - np.logaddexp.reduce(wish.scores) - LATER_WISH * number
        for row, place in enumerate(wish.candidates.places):
            best[place.key] = max(best.get(place.key, (-np.inf, 0, 0)), (float(likely[row]), -number, row))
    chosen = [(wishes[-number], row, score) for _, (score, number, row) in sorted(best.items())]
    names = dict.fromkeys(name for wish in wishes for name in wish.columns)
    columns = {
        name: np.array([wish.columns[name][row] if name in wish.columns else 0.0 for wish, row, _ in chosen])
        for name in names
    }
    candidates = Candidates([wish.candidates.places[row] for wish, row, _ in chosen], wishes[0].candidates.matches)
    missing = tuple(dict.fromkeys(name for wish in wishes for name in wish.missing))
    return Scored(candidates, columns, np.array([score for _, _, score in chosen]), missing)


def _hit(fragment: Fragment, rank: int, score: float, scored: Scored, row: int, looked_up: frozenset[str]) -> Hit:
    """A hit with why it was found: how near it is in meaning, and how well by its words."""
    stages = {name: round(float(column[row]), 4) for name, column in scored.columns.items()}
    reasons = {name: stages[name] for name in ("meaning", "words", "late") if stages.get(name)}
    return Hit(fragment, round(score, 4), rank, reasons, looked_up, stages)
