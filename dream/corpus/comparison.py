"""Comparison: whether SQL, the source files, the vectors and the index of words say the same, and mending where not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from dream.actor import OPERATOR
from dream.corpus.indexing import Indexing, Stores
from dream.retrieval.model import Model
from dream.store.files import CHUNK, Files
from dream.store.library import Library


@dataclass(frozen=True, slots=True)
class Difference:
    """What two of the stores disagree about; `mended` where it no longer is so, `sentence` says what it was."""

    sentence: str
    mended: bool


class Comparison:
    def __init__(self, library: Library, files: Files, vectors: Stores, indexing: Indexing) -> None:
        self._library = library
        self._files = files
        self._vectors = vectors
        self._indexing = indexing

    def differences(self, *, repair: bool) -> Iterator[Difference]:
        """Everything that differs, SQL being the truth; with `repair`, mended as it is found.

        What only an author can mend, a file that is gone, is told and left.
        """
        yield from self._staged(repair)
        yield from self._words(repair)
        if model := self._indexing.model():
            yield from self._meanings(model, repair)
            for shelf in self._library.corpora.shelves(OPERATOR):
                yield from self._shelf(model, shelf.id, shelf.name, repair)
        yield from self._source_files(repair)

    def _staged(self, repair: bool) -> Iterator[Difference]:
        staged, left = self._library.works.staged_for_nobody(), self._library.works.leftovers()
        if staged or left:
            if repair:
                self._indexing.tidy()
            yield Difference(f"{staged} versions that no job reads, {len(left)} to be removed from the vectors", repair)

    def _words(self, repair: bool) -> Iterator[Difference]:
        for lacking, what in (
            (self._library.works.unindexed(), "does not hold"),
            (self._library.indexes.torn(), "holds in part"),
        ):
            if lacking:
                for corpus_id, version_id in lacking if repair else ():
                    self._indexing.index(corpus_id, version_id)
                yield Difference(f"{len(lacking)} works that the index of words {what}", repair)
        dead = self._library.indexes.dead()
        if dead:
            if repair:
                self._library.indexes.forget_dead()
            yield Difference(f"{dead} versions in the index of words that are not live", repair)

    def _meanings(self, model: Model, repair: bool) -> Iterator[Difference]:
        missing = self._library.indexes.unread_by(model.name)
        if missing:
            for corpus_id, version_id in missing if repair else ():
                self._indexing.index(corpus_id, version_id)
            yield Difference(f"{len(missing)} works that {model.name} has not read", repair)

    def _shelf(self, model: Model, corpus_id: str, name: str, repair: bool) -> Iterator[Difference]:
        stored = self._vectors.of(model.name).ids(corpus_id)
        fragments = self._library.fragments
        live, staged = fragments.live_ids(corpus_id), fragments.staged_ids(corpus_id)
        if missing := live - stored:
            versions = {fragment.version_id for fragment in fragments.live(sorted(missing)).values()}
            for version_id in sorted(versions) if repair else ():
                self._indexing.index(corpus_id, version_id)
            yield Difference(f"{len(missing)} fragments of {name} that have no vector", repair)
        if strays := stored - live - staged:
            if repair:
                self._indexing.drop_strays(model, corpus_id)
            yield Difference(f"{len(strays)} vectors of {name} that belong to no fragment", repair)

    def _source_files(self, repair: bool) -> Iterator[Difference]:
        for title, sha256 in self._library.works.live_files():
            if not self._files.has(sha256):
                yield Difference(f"the file of “{title}” is gone; its text is whole. Bring it again to keep it", False)
            elif self._hash(sha256) != sha256:
                yield Difference(f"the file of “{title}” is damaged; its text is whole. Bring it again", False)
        unused = [sha256 for sha256 in self._files.settled() if self._library.works.unused_file(sha256)]
        if repair:
            self._files.clear_abandoned()
        if unused:
            for sha256 in unused if repair else ():
                self._library.works.drop_file(sha256, self._files)
            yield Difference(f"{len(unused)} files that belong to no work", repair)

    def _hash(self, sha256: str) -> str:
        digest = hashlib.sha256()
        with self._files.path(sha256).open("rb") as file:
            while data := file.read(CHUNK):
                digest.update(data)
        return digest.hexdigest()
