"""The embedding model as the retriever uses it: the embedder with the token space made from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dream.retrieval.embedding import Embedder
from dream.retrieval.meanings import Meanings
from dream.retrieval.token_space import TokenSpace
from dream.store.library import Library


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
        return Meanings(library, self.name, self.embedder.dimensions, self.space.dimensions)
