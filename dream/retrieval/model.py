"""Embedding models as the retriever uses them: an embedder with the token space made from it, and which one it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dream.errors import SetupFailed
from dream.retrieval.embedding import Embedder
from dream.retrieval.export.manifest import find_model
from dream.retrieval.meanings import Meanings
from dream.retrieval.token_space import TokenSpace
from dream.settings import Settings
from dream.store.library import Library
from dream.store.notes import EMBEDDING_MODEL


@dataclass(frozen=True)
class Model:
    """`folder` holds the exported model, and its token space once that is made."""

    embedder: Embedder
    folder: Path

    @cached_property
    def space(self) -> TokenSpace:
        return TokenSpace.of(self.embedder, self.folder)

    @property
    def name(self) -> str:
        return self.embedder.name

    def meanings(self, library: Library) -> Meanings:
        return Meanings(library, self.name, self.embedder.dimensions, self.space)


class Models:
    """Which model the data is read by: the one that it notes, for a new data folder the one that the settings name."""

    def __init__(self, settings: Settings, library: Library, *, asked: bool = True) -> None:
        """A process whose models are not `asked`, since it reads works in and answers no query, holds less memory."""
        self._settings = settings
        self._library = library
        self._asked = asked
        self._lock = threading.Lock()
        self._current: Model | None = None

    @property
    def name(self) -> str:
        current = self._current
        return current.name if current else self._library.notes.get(EMBEDDING_MODEL) or self._settings.embedding_model

    def folder(self) -> Path | None:
        """Where that model stands exported, None where it does not."""
        return self._folder(self.name)

    def current(self) -> Model | None:
        """That model, loaded once; None until the set-up has made it."""
        with self._lock:
            if self._current is None and (folder := self.folder()):
                self._current = self._load(folder)
                self._library.notes.put(EMBEDDING_MODEL, self._current.name)
            return self._current

    def named(self, name: str) -> Model:
        """Another model, loaded beside the current one. Raises SetupFailed where it was not exported."""
        folder = self._folder(name)
        if folder is None:
            raise SetupFailed(f"The embedding model {name} is not exported into {self._settings.home}.")
        return self._load(folder)

    def switch(self, model: Model) -> bool:
        """Makes this model the current one, in the data and for whoever asks from now on; False, and nothing is
        changed, where there is a live work that it has not read.
        """
        with self._lock:
            if not self._library.indexes.switch(model.name):
                return False
            self._current = model
            return True

    def _folder(self, name: str) -> Path | None:
        return find_model(self._settings.model_copy(update={"embedding_model": name}))

    def _load(self, folder: Path) -> Model:
        model = Model(Embedder(folder, self._settings.embedding_precision), folder)
        if self._asked:
            model.embedder.open()
        model.space  # noqa: B018 - read with the model, or made, which takes seconds: no search shall meet its failure
        return model
