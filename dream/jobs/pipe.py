"""The vector stores at the other end of a pipe: a child reads works, and the store's owner writes their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection  # for its frames alone; nothing is pickled
from typing import Any

import numpy as np
import orjson

from dream.corpus.indexing import Stores
from dream.retrieval.vectors import Vectors


class PipeFailed(Exception):
    """The owner of the vector store could not do what it was asked for; the message is its own."""


class StoresOverPipe:
    """The vector stores of all models; their owner answers at the other end. For one thread."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def of(self, model: str) -> VectorsOverPipe:
        return VectorsOverPipe(self, model)

    def keep_only(self, model: str) -> None:
        self.ask("keep_only", model, "", [])

    def ask(self, what: str, model: str, corpus_id: str, ids: Sequence[str], body: bytes = b"") -> Any:
        self._pipe.send_bytes(orjson.dumps([what, model, corpus_id, list(ids)]))
        self._pipe.send_bytes(body)
        answer = orjson.loads(self._pipe.recv_bytes())
        if "error" in answer:
            raise PipeFailed(answer["error"])
        return answer["result"]


class VectorsOverPipe:
    """Those of one model."""

    def __init__(self, stores: StoresOverPipe, model: str) -> None:
        self._stores = stores
        self._model = model

    def upsert(self, corpus_id: str, ids: Sequence[str], vectors: Vectors) -> None:
        self._stores.ask("upsert", self._model, corpus_id, ids, vectors.astype("<f4").tobytes())

    def count(self, corpus_id: str, ids: Sequence[str]) -> int:
        return int(self._stores.ask("count", self._model, corpus_id, ids))

    def delete(self, corpus_id: str, ids: Sequence[str]) -> None:
        self._stores.ask("delete", self._model, corpus_id, ids)

    def ids(self, corpus_id: str) -> set[str]:
        return set(self._stores.ask("ids", self._model, corpus_id, []))


def answer(pipe: Connection, stores: Stores) -> None:
    """Answers at the owner's end until the other one closes."""
    while True:
        try:
            what, model, corpus_id, ids = orjson.loads(pipe.recv_bytes())
            body = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            said: dict[str, Any] = {"result": _done(stores, what, model, corpus_id, ids, body)}
        except Exception as error:  # noqa: BLE001 - whatever it is, who asked for it deals with it
            said = {"error": f"{type(error).__name__}: {error}"}
        try:
            pipe.send_bytes(orjson.dumps(said))
        except OSError:
            return


def _done(stores: Stores, what: str, model: str, corpus_id: str, ids: list[str], body: bytes) -> Any:
    vectors = stores.of(model)
    if what == "upsert":
        return vectors.upsert(corpus_id, ids, np.frombuffer(body, dtype="<f4").reshape(len(ids), -1))
    if what == "count":
        return vectors.count(corpus_id, ids)
    if what == "delete":
        return vectors.delete(corpus_id, ids)
    if what == "ids":
        return sorted(vectors.ids(corpus_id))
    return stores.keep_only(model)
