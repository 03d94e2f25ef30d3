"""The retriever: fragments of a corpus that fit a query, best first, each with the reasons it was found.

Words and meaning propose candidates; every stage scores them; fusion makes one score; selection chooses.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from operator import attrgetter

import numpy as np

from dream.errors import VectorsUnreachable
from dream.metrics import RETRIEVAL
from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.foreseen import Foreseen
from dream.retrieval.fragment import Fragment, Hit
from dream.retrieval.fusion import Fusion, shipped
from dream.retrieval.lexical import LexicalIndex, Matches
from dream.retrieval.model import Model
from dream.retrieval.placement import Placement
from dream.retrieval.question import Question, query_terms, query_words
from dream.retrieval.selection import SEARCH, STORY, Overlaps, Rules, select
from dream.retrieval.stages import Stage, StageMissing
from dream.retrieval.stages.late import Late
from dream.retrieval.stages.meaning import Meaning
from dream.retrieval.stages.windows import Windows
from dream.retrieval.stages.words import Words
from dream.retrieval.vectors import VectorStores
from dream.store.ids import beside, work_of
from dream.store.library import Library
from dream.store.library.indexes import Place

STAGES = ("words", "windows", "meaning", "late")
BY_WORDS, BY_MEANING = 140, 90
"""How many candidates the words and the meaning propose."""

BESIDE_WORDS, BESIDE_MEANING = 12, 8
"""Of how many of those, the first ones, what stands right before and after is a candidate as well: what answers a
question often has none of its words.
"""

REASONS: tuple[str, ...] = ("meaning", "words", "late")
"""The columns that a hit names as why it was found."""

OVER_FETCH = 4
"""How many times as many are looked at where filters will drop some of them."""

LATER_WISH = 0.5
"""What each later wish of a story is behind the one before it, as a logarithm."""

FAINT = 0.28
"""A fragment that shares no word with the query and has a cosine below this does not fit it."""

AT_ONCE = 2
"""Searches that compute together. Each is through in a few milliseconds; many at once would take the interpreter from
each other, and from the stories being told. Nobody holds a turn while waiting for a model or a server.
"""

AWAY = "vector server"
"""What `missing` says of a Chroma server that does not answer: making its vectors anew would not help."""

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
    """What the stages made of a query: candidates, all their columns by name, and their fused scores. `words` are the
    query's, `heard` the columns that had a say.
    """

    candidates: Candidates
    columns: dict[str, Floats]
    scores: Floats
    missing: tuple[str, ...]
    words: frozenset[str]
    heard: frozenset[str]

    def said(self, rows: list[int]) -> list[dict[str, float]]:
        """What the stages say of some candidates: each one's columns by name."""
        table = np.column_stack([np.zeros(len(rows)), *(column[rows] for column in self.columns.values())])
        return [dict(zip(self.columns, row, strict=True)) for row in np.round(table[:, 1:], 4).tolist()]


class Retriever:
    """`model` gives the embedding model with its token space, or None while there is none: then words alone decide, and
    `Found.missing` says so. `damaged` is told of a stage whose store cannot be read, so that it can be made anew.
    """

    def __init__(
        self,
        library: Library,
        vectors: Placement | VectorStores,
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
        self._foreseen = Foreseen(lambda: self._opened()[0])
        self._turns = threading.Semaphore(AT_ONCE)

    def foresee(self, queries: Sequence[str]) -> None:
        """Has the model begin to read queries that a search is about to come with."""
        self._foreseen.begin(queries)

    def search(
        self, corpus_id: str, query: str, *, limit: int = 20, budget: int | None = None, filters: Filters | None = None
    ) -> Found:
        """At most `limit` hits within `budget` characters of fragment text. A query that nothing fits has no hits."""
        with RETRIEVAL.time():
            scored = self.score(corpus_id, query, filters)
            return self._found(scored, SEARCH, limit, budget)

    def for_story(
        self, corpus_id: str, queries: Sequence[str], *, limit: int, budget: int, language: str | None = None
    ) -> Found:
        """Fragments to lay before a storyteller: of several tales, and of one author no more than a share.

        Each query is a wish of its own; a fragment counts by the wish it fits best, and the first wish counts most.
        """
        filters, since = Filters(language=language), self._foreseen.since(queries)
        try:
            wishes = [self.score(corpus_id, query, filters) for query in queries if query.strip()]
            with self._turns:
                return self._found(_joined(wishes), STORY, limit, budget) if wishes else Found(())
        finally:
            RETRIEVAL.observe(time.perf_counter() - since)

    def score(self, corpus_id: str, query: str, filters: Filters | None = None) -> Scored:
        """Every candidate for a query with what each stage says of it."""
        model, missing = self._opened()
        scored = self._score(model, missing, corpus_id, query, filters)
        faults = [stage for stage in scored.missing if stage not in (*missing, AWAY)]
        if faults and model is not self._opened()[0]:
            return self.score(corpus_id, query, filters)  # another took its place, and its own vectors are gone
        for stage in faults:
            self._damaged(stage)
        return scored

    def _score(
        self, model: Model | None, missing: tuple[str, ...], corpus_id: str, query: str, filters: Filters | None
    ) -> Scored:
        reading = self._foreseen.take(query)  # what needs only words is done meanwhile
        terms = query_terms(query)
        with self._turns:
            works = self._works(corpus_id, filters)
            matches, missing = self._matches(corpus_id, terms, missing)
            by_words = self._places(corpus_id, matches, works)
        question = reading.question(query, model)
        if by_words and not self._hears_model(question):
            model = None  # what would not be heard is not asked
        nearest, missing = self._nearest(corpus_id, model, question, works, missing)
        with self._turns:
            candidates = self._candidates(corpus_id, matches, by_words, nearest)
            return self._staged(model, missing, question, candidates, query_words(query, terms))

    def _staged(
        self, model: Model | None, missing: tuple[str, ...], question: Question, candidates: Candidates,
        words: frozenset[str],
    ) -> Scored:  # fmt: skip
        """What each stage says of the candidates, and what they say together."""
        columns: dict[str, Floats] = {}
        for stage in self._stages(model):
            if stage.name in missing or not len(candidates):
                continue
            try:
                table = stage.score(question, candidates)
            except StageMissing:
                missing = (*missing, stage.name)
            except Exception:  # a damaged store must not keep the other stages from answering
                logger.exception("the stage %s could not take part", stage.name)
                missing = (*missing, stage.name)
            else:
                columns.update(zip(stage.columns, table.T, strict=True))
        meant = "meaning" in columns
        fused = self._fusion.fuse(question.kind, columns, meaning=meant) if columns else np.zeros(len(candidates))
        heard = self._fusion.heard(question.kind, meaning=meant)
        return Scored(candidates, columns, fused, missing, words, heard)

    def _opened(self) -> tuple[Model | None, tuple[str, ...]]:
        if "meaning" not in self._names and "late" not in self._names:
            return None, ()
        try:
            model = self._model()
        except Exception:  # see score
            logger.exception("the embedding model could not be opened")
            model = None
        return model, () if model else ("meaning",)

    def _hears_model(self, question: Question) -> bool:
        """Whether anything that the model makes of a fragment has a say in its score."""
        heard = self._fusion.heard(question.kind, meaning=True)
        return not heard.isdisjoint((*Meaning.columns, *Late.columns))

    def _stages(self, model: Model | None) -> list[Stage]:
        stages: list[Stage] = [Words(), Windows(self._library)]
        if model:
            meanings = model.meanings(self._library)
            stages += [Meaning(meanings), Late(meanings)]
        return [stage for stage in stages if stage.name in self._names]

    def _matches(
        self, corpus_id: str, terms: tuple[str, ...], missing: tuple[str, ...]
    ) -> tuple[Matches, tuple[str, ...]]:
        nothing = Matches.none(len(terms))
        if "words" not in self._names:
            return nothing, missing
        try:
            matches = self._lexical.search(corpus_id, terms)
            if terms and not len(matches.keys) and self._lexical.is_missing(corpus_id):
                missing = (*missing, "words")
        except Exception:  # see score
            logger.exception("the index of words could not be read")
            return nothing, (*missing, "words")
        return matches, missing

    def _nearest(
        self, corpus_id: str, model: Model | None, question: Question, works: Mapping[str, int] | None,
        missing: tuple[str, ...],
    ) -> tuple[dict[str, float], tuple[str, ...]]:  # fmt: skip
        """The cosine of the nearest fragments, of the given works where some are given."""
        if model is None or question.vector is None or "meaning" not in self._names:
            return {}, missing
        looked_at = BY_MEANING * (1 if works is None else OVER_FETCH)
        try:
            nearest = self._vectors.of(model.name).query(corpus_id, question.vector, looked_at)
        except VectorsUnreachable as error:
            logger.warning("%s", error.sentence)
            return {}, (*missing, AWAY)
        except Exception:  # see score
            logger.exception("the vectors could not be read")
            return {}, (*missing, "vectors")
        if not nearest and self._library.indexes.has_fragments(corpus_id):
            missing = (*missing, "vectors")
        if works is None:
            return nearest, missing
        return dict(
            islice(((id_, near) for id_, near in nearest.items() if work_of(id_) in works), BY_MEANING)
        ), missing

    def _works(self, corpus_id: str, filters: Filters | None) -> dict[str, int] | None:
        """The works that the filters let pass with their places in the index of words; None for all."""
        if filters in (None, Filters()):
            return None
        return self._library.indexes.works_with(corpus_id, **asdict(filters))

    def _places(self, corpus_id: str, matches: Matches, works: Mapping[str, int] | None) -> list[Place]:
        """What words propose, best first."""
        keys = matches.best(BY_WORDS, None if works is None else list(works.values()))
        places = {place.key: place for place in self._library.indexes.places_by_key(corpus_id, keys)} if keys else {}
        return [places[key] for key in keys if key in places]

    def _candidates(
        self, corpus_id: str, matches: Matches, by_words: list[Place], nearest: dict[str, float]
    ) -> Candidates:
        """What words and meaning propose, and what stands beside the first of it, in the order of their keys."""
        if not nearest:
            return Candidates(sorted(by_words, key=attrgetter("key")), matches)
        near = self._library.indexes.places_by_id(corpus_id, list(nearest))
        shared = np.isin([place.key for place in near], matches.keys)
        fitting = [place for place, shares in zip(near, shared, strict=True) if shares or nearest[place.id] >= FAINT]
        fitting.sort(key=lambda place: -nearest[place.id])
        first = (*by_words[:BESIDE_WORDS], *fitting[:BESIDE_MEANING])
        sides = [side for place in first for side in beside(place.id)]
        around = self._library.indexes.places_by_id(corpus_id, sides) if sides else []
        places = {place.key: place for place in (*by_words, *fitting, *around)}
        return Candidates(sorted(places.values(), key=attrgetter("key")), matches)

    def _found(self, scored: Scored, rules: Rules, limit: int, budget: int | None) -> Found:
        candidates, scores = scored.candidates, scored.scores
        if not len(candidates):
            return Found((), scored.missing)
        order = np.argsort(-scores, kind="stable")[: max(3 * limit, 60)]
        kept = np.full(len(candidates), -np.inf)
        kept[order] = scores[order]
        chosen = select(candidates, kept, self._overlaps(candidates, order.tolist()), rules, limit, budget)
        fragments = self._library.fragments.live([candidates.places[row].id for row, _ in chosen])
        there = [(row, score) for row, score in chosen if candidates.places[row].id in fragments]
        said = scored.said([row for row, _ in there])
        hits = [
            _hit(fragments[candidates.places[row].id], rank, score, stages, scored)
            for rank, ((row, score), stages) in enumerate(zip(there, said, strict=True), 1)
        ]
        return Found(tuple(hits), scored.missing)

    def _overlaps(self, candidates: Candidates, rows: list[int]) -> Overlaps:
        """What the best candidates have in common; nothing where their terms were not indexed."""
        readings = self._library.indexes.readings([candidates.places[row].key for row in rows])
        held = [np.zeros(0, dtype="<u4")] * len(candidates)
        for row in rows:
            packed, _ = readings.get(candidates.places[row].key, (b"", b""))
            held[row] = np.frombuffer(packed, dtype="<u4")
        return Overlaps(held)


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
    words = frozenset[str]().union(*(wish.words for wish in wishes))
    heard = frozenset[str]().union(*(wish.heard for wish in wishes))
    return Scored(candidates, columns, np.array([score for _, _, score in chosen]), missing, words, heard)


def _hit(fragment: Fragment, rank: int, score: float, stages: dict[str, float], scored: Scored) -> Hit:
    """A hit with why it was found, of what had a say: how near it is in meaning, and how well by its words."""
    reasons = {name: stages[name] for name in REASONS if name in scored.heard and stages.get(name)}
    return Hit(fragment, round(score, 4), rank, reasons, scored.words, stages)
