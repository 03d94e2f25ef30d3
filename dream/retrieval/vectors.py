"""The vector store. The only file that knows Chroma.

A corpus has one collection per embedding model. It holds ids and vectors and nothing else: texts stay in SQL, where
they can be deleted.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from dream.errors import VectorsUnreachable
from dream.metrics import STORE_ERRORS
from dream.wording import worded

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

BATCH = 200
ANSWER_SECONDS = 10.0
GRAPH: CreateHNSWConfiguration = {"space": "cosine", "batch_size": 100, "sync_threshold": 100}
"""What was written since the graph was last saved is put into it anew whenever it is opened: of 1,000 fragments, which
is Chroma's default, that takes a quarter of a second of CPU, of 100 nothing to speak of.
"""
_DATABASE = "chroma.sqlite3"
_SEGMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Vectors = NDArray[np.float32]

# Chroma imports jsonschema, which has this package make a grammar of web addresses wherever it is installed, as by the
# tools of development: seconds of each start, for a check that nothing here asks for.
sys.modules.setdefault("rfc3987_syntax", cast(Any, None))

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


def _counted(method: Callable[P, T]) -> Callable[P, T]:
    """Counts the operations that the store failed."""

    @wraps(method)
    def counted(*args: P.args, **kwargs: P.kwargs) -> T:
        with STORE_ERRORS.labels("vectors").count_exceptions():
            return method(*args, **kwargs)

    return counted


class VectorStores:
    """The vectors of every embedding model there are any of: in a folder that belongs to this process alone, or in the
    Chroma server at `url`, which any number of processes may use. Safe to use from any thread.

    With a server every use may raise VectorsUnreachable; the next one tries again.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder
        self._url = url
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()
        self._opened: Client | None = None

    def of(self, model: str) -> VectorStore:
        return VectorStore(self, model)

    def open(self) -> None:
        """Opens the store, which takes a second or two the first time; whatever needs it opens it by itself."""
        with self._lock:
            client = self._reach(self._client)
        self._reach(client.heartbeat)

    def close(self) -> None:
        """Lets the store go; whatever needs it later opens it again."""
        with self._lock:
            if self._opened is not None:
                for session in _sessions(self._opened) if self._url else ():
                    session.close()  # nobody else does
                self._opened.close()
            self._opened = None
            self._collections.clear()

    def is_sound(self) -> bool:
        """Whether all that is stored can be read and searched; reads much of it. A server's files are its own."""
        if self._url:
            return True
        try:
            with self._lock:
                collections = self._client().list_collections()
                _check(self._folder / _DATABASE)
            for collection in collections:
                some = np.asarray(collection.get(limit=1, include=["embeddings"])["embeddings"], dtype=np.float32)
                if some.size:
                    collection.query(query_embeddings=some, n_results=1, include=["distances"])
        except Exception:  # whatever a damaged file brings about
            logger.exception("the vector store cannot be read")
            return False
        return True

    def discard(self) -> None:
        """Throws away every vector there is: all of them can be made anew from SQL."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep_only(self, model: str) -> None:
        """Removes the vectors of every other model."""
        with self._lock:
            for collection in self._reach(lambda: self._client().list_collections()):
                if not collection.name.endswith(_suffix(model)):
                    self._client().delete_collection(collection.name)
                    self._collections.pop(collection.name, None)

    def act(self, name: str, act: Callable[[Collection], T]) -> T:
        """Acts on a collection, which is made if there is none of that name; once more, where another process has made
        it anew since it was last used.
        """
        from chromadb.errors import InternalError, NotFoundError  # its package takes seconds to import

        try:
            return self._reach(lambda: act(self._collection(name)))
        except NotFoundError:
            with self._lock:
                self._collections.pop(name, None)
            return self._reach(lambda: act(self._collection(name)))
        except InternalError:
            # A write that found no room can leave Chroma's own connection within its transaction, and the next write
            # would wait for it without an end. Only a new client is free of it.
            if not self._url:
                self.close()
            raise

    def _collection(self, name: str) -> Collection:
        with self._lock:
            if name not in self._collections:
                self._collections[name] = self._client().get_or_create_collection(
                    name, configuration={"hnsw": GRAPH}, embedding_function=None
                )
            return self._collections[name]

    def delete_collection(self, name: str) -> None:
        with self._lock:
            self._reach(lambda: self._client().delete_collection(name))
            self._collections.pop(name, None)

    def _reach(self, act: Callable[[], T]) -> T:
        if not self._url:
            return act()
        from httpx import TransportError  # of Chroma's own client for its server

        try:
            return act()
        except TransportError as error:
            raise VectorsUnreachable(
                worded(
                    "The vector store at %(url)s does not answer (%(error)s). What it holds is kept; start it, or see "
                    "DREAM_CHROMA_URL.",
                    url=self._url,
                    error=type(error).__name__,
                )
            ) from None

    def _client(self) -> Client:
        """The client; the caller holds the lock."""
        if self._opened is None:
            # Two and a half seconds to import, and a client made before a fork hangs in the child: never at import.
            from chromadb.config import Settings

            settings: Any = Settings(anonymized_telemetry=False)
            if self._url:
                self._opened = _connected(self._url, settings)
                return self._opened
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sweep(self._folder)
            self._opened = _embedded(self._folder, settings)
        return self._opened


class VectorStore:
    """Vectors of one embedding model, by corpus."""

    def __init__(self, stores: VectorStores, model: str) -> None:
        self._stores = stores
        self._suffix = _suffix(model)

    @_counted
    def upsert(self, corpus_id: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Writes vectors (n, dimensions) of unit length under their fragments' ids; writing twice changes nothing."""
        for start in range(0, len(ids), BATCH):
            end = start + BATCH
            self._in(corpus_id, _upserting(list(ids[start:end]), vectors[start:end]))

    @_counted
    def query(self, corpus_id: str, vector: Vectors, limit: int) -> dict[str, float]:
        """The ids nearest to a vector with their cosine, nearest first."""
        found = self._in(
            corpus_id, lambda it: it.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        )
        distances = found["distances"] or [[]]
        return {id_: 1.0 - float(distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True)}

    @_counted
    def cosines(self, corpus_id: str, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """The cosine of a vector with each of the given fragments; ids without a vector are left out."""
        if not ids:
            return {}
        found = self._in(corpus_id, lambda it: it.get(ids=list(ids), include=["embeddings"]))
        stored = np.asarray(found["embeddings"], dtype=np.float32).reshape(len(found["ids"]), -1)
        return dict(zip(found["ids"], (stored @ vector).tolist(), strict=True)) if len(stored) else {}

    @_counted
    def count(self, corpus_id: str, ids: Sequence[str]) -> int:
        """How many of these ids have a vector."""
        return len(self._in(corpus_id, lambda it: it.get(ids=list(ids), include=[]))["ids"]) if ids else 0

    @_counted
    def ids(self, corpus_id: str) -> set[str]:
        """Every id that has a vector in this corpus."""
        return set(self._in(corpus_id, lambda it: it.get(include=[]))["ids"])

    @_counted
    def delete(self, corpus_id: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), BATCH):
            self._in(corpus_id, _deleting(list(ids[start : start + BATCH])))

    @_counted
    def drop(self, corpus_id: str) -> None:
        """Removes all vectors of a corpus."""
        self._stores.delete_collection(self._in(corpus_id, lambda it: it.name))

    def _in(self, corpus_id: str, act: Callable[[Collection], T]) -> T:
        return self._stores.act(f"{corpus_id}{self._suffix}", act)


def _upserting(ids: list[str], vectors: Vectors) -> Callable[[Collection], None]:
    return lambda collection: collection.upsert(ids=ids, embeddings=vectors)


def _deleting(ids: list[str]) -> Callable[[Collection], object]:
    return lambda collection: collection.delete(ids=ids)


def _embedded(folder: Path, settings: Any) -> Client:
    """A client of the store in a folder. Raises whatever a damaged one brings about."""
    import chromadb

    try:
        return cast("Client", chromadb.PersistentClient(str(folder), settings=settings))
    except Exception:
        # Chroma keeps what failed to start for the next client of this folder; only that one lets it go.
        with suppress(Exception):
            cast("Client", chromadb.PersistentClient(str(folder), settings=settings)).close()
        raise


def _connected(url: str, settings: Any) -> Client:
    """A client of the server, which must answer now. Raises VectorsUnreachable."""
    import chromadb
    import httpx

    address = urlsplit(url)
    tls = address.scheme == "https"
    httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=ANSWER_SECONDS)  # the client would wait for ever
    try:
        client = chromadb.HttpClient(
            str(address.hostname), address.port or (443 if tls else 80), ssl=tls, settings=settings
        )
    except ValueError as error:  # how it says that nobody answers
        raise VectorsUnreachable(
            worded(
                "The vector store at %(url)s does not answer (%(error)s). Start it, or see DREAM_CHROMA_URL.",
                url=url,
                error=error,
            )
        ) from None
    opened = cast("Client", client)
    for session in _sessions(opened):
        session.timeout = ANSWER_SECONDS
    return opened


def _sessions(client: Client) -> list[httpx.Client]:
    """The connections of a server's client, its own and its administrator's; it has no public way to bound or close
    them.
    """
    inner: Any = client
    return [part._server._session for part in (inner, inner._admin_client)]  # noqa: SLF001  # see above


def _suffix(model: str) -> str:
    """What the names of a model's collections end in."""
    return f"-{hashlib.sha256(model.encode()).hexdigest()[:12]}"


def _check(database: Path) -> None:
    """Raises sqlite3.DatabaseError where the file is damaged."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _sweep(folder: Path) -> None:
    """Removes the files of collections that were deleted, which Chroma leaves behind; only while it is not open."""
    database = folder / _DATABASE
    if not database.is_file():
        return
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            known = {id_ for (id_,) in connection.execute("SELECT id FROM segments")}
        except sqlite3.Error:
            return  # of another version, or damaged: opening it says so
    for left in folder.iterdir():
        if left.is_dir() and _SEGMENT.fullmatch(left.name) and left.name not in known:
            shutil.rmtree(left, ignore_errors=True)
