"""Ingest: a file becomes a work whose fragments can be found. Nothing is retrieved before all of it is stored and
counted.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

import numpy as np

from dream.corpus.document import Document
from dream.corpus.loaders import load, suffixes
from dream.corpus.sectioning import cut
from dream.errors import DreamError, TextRefused
from dream.language.hangul import language_of
from dream.retrieval.meanings import packed
from dream.retrieval.model import Model
from dream.retrieval.postings import hashes, pack, read
from dream.retrieval.vectors import VectorStore
from dream.store.fragment import Fragment
from dream.store.library import Library
from dream.store.library.indexes import Words
from dream.store.library.works import Draft, Piece

BATCH = 16
LARGEST_FILE = 120 * 2**20

Outcome = Literal["new", "replaced", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file. `sentence` says why where it was refused."""

    source: str
    outcome: Outcome
    fragments: int = 0
    sentence: str = ""


class Ingest:
    """`model` gives the embedding model, or None while there is none: works are then found by their words until their
    vectors are made.
    """

    def __init__(self, library: Library, vectors: VectorStore, model: Callable[[], Model | None]) -> None:
        self._library = library
        self._vectors = vectors
        self._model = model
        # Two commands may come at once, and reindexing takes a version that is not live yet for an abandoned one.
        self._one_at_a_time = threading.Lock()

    def files(self, paths: list[Path], corpus: str) -> Iterator[Ingested]:
        """Ingests files one after the other; one that is refused does not stop the rest."""
        corpus_id = self._library.works.corpus_named(corpus).id
        for path, source in _listed(paths):
            try:
                yield self.file(path, source, corpus_id)
            except DreamError as error:
                yield Ingested(source, "refused", sentence=error.sentence)

    def file(self, path: Path, source: str, corpus_id: str) -> Ingested:
        """Ingests one file under the name `source`. The same bytes again change nothing.

        Raises TextRefused; what was there before is then still there.
        """
        with self._one_at_a_time:
            data = _bytes(path)
            digest = hashlib.sha256(data).hexdigest()
            before = self._library.works.live_sha256(corpus_id, source)
            if before == digest:
                return Ingested(source, "unchanged")
            draft = _draft(source, digest, load(source, data))
            version = self._library.works.stage(corpus_id, draft)
            embedding = self._embed(corpus_id, version.id)
            words = self._words(corpus_id, version.id, self._library.works.fragments_of(version.id))
            replaced = self._library.works.go_live(version, draft, words, embedding)
            if replaced and embedding:
                self._vectors.delete(corpus_id, replaced)
            return Ingested(source, "replaced" if before else "new", len(draft.pieces))

    def embed_missing(self) -> Iterator[tuple[int, int]]:
        """Indexes live works that have no vectors of this model, or no index at all; yields (done, of) after each."""
        with self._one_at_a_time:
            model, works = self._model(), self._library.works
            waiting = list(dict.fromkeys([*(works.unembedded(model.name) if model else []), *works.unindexed()]))
            for done, (corpus_id, version_id) in enumerate(waiting, 1):
                self._index(corpus_id, version_id)
                yield done, len(waiting)

    def reindex(self) -> Iterator[tuple[int, int]]:
        """Makes every index of every live work anew from the texts in SQL, and drops what belongs to none; yields
        (done, of).

        Searches go on meanwhile: entries are overwritten in place, under the same ids.
        """
        with self._one_at_a_time:
            works = self._library.works
            works.discard_staged()
            self._library.indexes.forget_dead()
            versions = works.live_versions()
            for done, (corpus_id, version_id) in enumerate(versions, 1):
                self._index(corpus_id, version_id)
                yield done, len(versions)
            if self._model() is not None:
                for shelf in works.shelves():
                    self._vectors.delete(shelf.id, sorted(self._vectors.ids(shelf.id) - works.live_ids(shelf.id)))

    def _index(self, corpus_id: str, version_id: str) -> None:
        """Makes all indexes of one live version."""
        words = self._words(corpus_id, version_id, self._library.works.fragments_of(version_id))
        self._library.indexes.index_words(version_id, words)
        self._library.works.embedded(version_id, self._embed(corpus_id, version_id))

    def _words(self, corpus_id: str, version_id: str, fragments: list[Fragment]) -> Words:
        """What the index of words holds of a version's fragments."""
        found = [read(fragment.text) for fragment in fragments]
        return Words(
            postings=list(pack(corpus_id, list(zip(self._library.works.keys_of(version_id), found, strict=True)))),
            readings=[
                (hashes(one.content).tobytes(), np.array(one.window_ends, dtype="<u2").tobytes()) for one in found
            ],
            words=sum(len(one.words) for one in found),
        )

    def _embed(self, corpus_id: str, version_id: str) -> str | None:
        """Stores the vectors of a version's fragments, reads them back, and names the model. None where there is no
        model yet.
        """
        model = self._model()
        if model is None:
            return None
        fragments = self._library.works.fragments_of(version_id)
        keys = self._library.works.keys_of(version_id)
        for start in range(0, len(fragments), BATCH):
            batch = fragments[start : start + BATCH]
            encoded = model.embedder.encode([f.text for f in batch])
            self._vectors.upsert(corpus_id, [f.id for f in batch], np.stack([one.pooled for one in encoded]))
            self._library.indexes.store_meanings(
                model.name,
                [
                    packed(key, f.text, one, model.space)
                    for key, f, one in zip(keys[start : start + BATCH], batch, encoded, strict=True)
                ],
            )
        written = self._vectors.count(corpus_id, [f.id for f in fragments])
        if written != len(fragments):
            raise TextRefused(
                f"Only {written} of {len(fragments)} fragments were stored. Nothing was changed; please try again."
            )
        return model.name


def _listed(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file and the name it is known by: its own, or its path within the folder that was named."""
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if (
                    file.is_file()
                    and file.suffix.lower() in suffixes()
                    and not any(part.startswith(".") for part in file.relative_to(path).parts)
                ):
                    yield file, file.relative_to(path).as_posix()
        else:
            yield path, path.name


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise TextRefused(f"{path} is not a file.")  # reading a pipe or a device might never end
        if path.stat().st_size > LARGEST_FILE:
            raise TextRefused(f"{path.name} is larger than {LARGEST_FILE // 2**20} MiB. Split it, and bring the parts.")
        return path.read_bytes()
    except OSError as error:
        raise TextRefused(f"{path} could not be read: {(error.strerror or 'unknown error').lower()}.") from None


def _draft(source: str, digest: str, document: Document) -> Draft:
    language = document.language[:2].lower() if document.language else language_of(document.text)
    pieces = [
        Piece(part.heading, span.start, span.end, document.text[span.start : span.end])
        for part in document.parts
        for span in cut(document.text, part, language)
    ]
    return Draft(
        source=source,
        sha256=digest,
        text=document.text,
        title=document.title or _title(source),
        author=document.author,
        language=language,
        licence=document.licence,
        summary=document.summary,
        tags=document.tags,
        sections=[(part.heading, part.start, part.end) for part in document.parts],
        pieces=pieces,
    )


def _title(source: str) -> str:
    words = PurePath(source).stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words).capitalize() or source
