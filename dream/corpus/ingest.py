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

from dream.corpus.document import Document
from dream.corpus.loaders import load, suffixes
from dream.corpus.sectioning import cut
from dream.errors import DreamError, TextRefused
from dream.language.hangul import language_of
from dream.retrieval.embedding import Embedder
from dream.retrieval.lexical import index_line
from dream.retrieval.vectors import VectorStore
from dream.store.library import Library
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
    """`embedder` gives the model, or None while there is none: works are then found by their words until vectors are
    made.
    """

    def __init__(self, library: Library, vectors: VectorStore, embedder: Callable[[], Embedder | None]) -> None:
        self._library = library
        self._vectors = vectors
        self._embedder = embedder
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
            replaced = self._library.works.go_live(version, draft, embedding)
            if replaced and embedding:
                self._vectors.delete(corpus_id, replaced)
            return Ingested(source, "replaced" if before else "new", len(draft.pieces))

    def embed_missing(self) -> Iterator[tuple[int, int]]:
        """Makes the vectors of live works that have none of this model; yields (done, of) after each work."""
        with self._one_at_a_time:
            embedder = self._embedder()
            waiting = self._library.works.unembedded(embedder.name) if embedder else []
            for done, (corpus_id, version_id) in enumerate(waiting, 1):
                self._library.works.embedded(version_id, self._embed(corpus_id, version_id))
                yield done, len(waiting)

    def reindex(self) -> Iterator[tuple[int, int]]:
        """Makes the lexical index and the vectors of every live work anew from SQL, and drops what belongs to none;
        yields (done, of).

        Searches go on meanwhile: entries are overwritten in place, under the same ids.
        """
        with self._one_at_a_time:
            works = self._library.works
            works.discard_staged()
            works.forget_terms_of_dead_versions()
            versions = works.live_versions()
            kept: dict[str, set[str]] = {}
            for done, (corpus_id, version_id) in enumerate(versions, 1):
                fragments = works.fragments_of(version_id)
                works.reindex_terms(version_id, corpus_id, [index_line(fragment.text) for fragment in fragments])
                works.embedded(version_id, self._embed(corpus_id, version_id))
                kept.setdefault(corpus_id, set()).update(fragment.id for fragment in fragments)
                yield done, len(versions)
            for shelf in works.shelves():
                self._vectors.delete(shelf.id, sorted(self._vectors.ids(shelf.id) - kept.get(shelf.id, set())))

    def _embed(self, corpus_id: str, version_id: str) -> str | None:
        """Stores the vectors of a version's fragments, reads them back, and names the model. None where there is no
        model yet.
        """
        embedder = self._embedder()
        if embedder is None:
            return None
        fragments = self._library.works.fragments_of(version_id)
        for start in range(0, len(fragments), BATCH):
            batch = fragments[start : start + BATCH]
            self._vectors.upsert(corpus_id, [f.id for f in batch], embedder.embed([f.text for f in batch]))
        written = self._vectors.count(corpus_id, [f.id for f in fragments])
        if written != len(fragments):
            raise TextRefused(
                f"Only {written} of {len(fragments)} fragments were stored. Nothing was changed; please try again."
            )
        return embedder.name


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
        Piece(part.heading, span.start, span.end, passage := document.text[span.start : span.end], index_line(passage))
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
