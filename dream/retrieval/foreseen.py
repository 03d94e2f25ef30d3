"""Foreseen: queries that the model reads in threads of its own, before their search comes. It works outside the
interpreter, so that whatever else a story needs to begin is done meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from dream.retrieval.model import Model
from dream.retrieval.question import Question, ask, query_terms

MOST = 64
"""Queries that wait for their search; for some it never comes, as where a quota is spent."""


class Reading(NamedTuple):
    """A query on its way through the model; `since` is when it set out, by time.perf_counter."""

    since: float
    answer: Future[tuple[Model | None, Question]]

    def question(self, query: str, model: Model | None) -> Question:
        """What this model makes of the query, once it is read; read again where another was current."""
        read_by, question = self.answer.result()
        return question if read_by is model else _read(query, model)


class Foreseen:
    def __init__(self, model: Callable[[], Model | None]) -> None:
        self._model = model
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="reads-query")
        self._waiting: dict[str, Reading] = {}

    def begin(self, queries: Sequence[str]) -> None:
        """Has queries read that a search is about to come with."""
        with suppress(RuntimeError):  # where there is no thread to be had, its search says so
            for query in queries:
                self._waiting[query] = self._reading(query)
        for query in list(self._waiting)[:-MOST]:
            self._waiting.pop(query, None)

    def since(self, queries: Sequence[str]) -> float:
        """When the first of the queries set out, now where none has."""
        readings = map(self._waiting.get, queries)
        return min((reading.since for reading in readings if reading), default=time.perf_counter())

    def take(self, query: str) -> Reading:
        """The query's reading, which sets out now where it was not foreseen. Each serves one search."""
        return self._waiting.pop(query, None) or self._reading(query)

    def _reading(self, query: str) -> Reading:
        return Reading(time.perf_counter(), self._threads.submit(self._current, query))

    def _current(self, query: str) -> tuple[Model | None, Question]:
        model = self._model()
        return model, _read(query, model)


def _read(query: str, model: Model | None) -> Question:
    return ask(query, query_terms(query), model.embedder if model else None, model.space if model else None)
