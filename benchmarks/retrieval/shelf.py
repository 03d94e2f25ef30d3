"""A data folder with the tales on its shelf, opened for measuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from benchmarks.retrieval.exact import ExactStores
from benchmarks.retrieval.tales import tales
from dream.corpus.indexing import Indexing
from dream.corpus.ingest import Ingest
from dream.errors import SetupFailed
from dream.retrieval.candidates import Candidates
from dream.retrieval.embedding import Embedder
from dream.retrieval.export.manifest import find_model
from dream.retrieval.fusion import Fusion
from dream.retrieval.model import Model
from dream.retrieval.retriever import Retriever
from dream.retrieval.vectors import VectorStores
from dream.settings import load_settings
from dream.store.database import Database
from dream.store.files import Files
from dream.store.library import Library
from dream.store.schema import migrate

CORPUS = "tales"


@dataclass(frozen=True)
class Shelf:
    library: Library
    vectors: VectorStores
    model: Model
    retriever: Retriever
    corpus_id: str

    def spots(self, candidates: Candidates) -> list[tuple[str, int, int]]:
        """(name of the tale, start, end) of each candidate."""
        found = self.library.fragments.live([place.id for place in candidates.places])
        fragments = [found[place.id] for place in candidates.places]
        return [(PurePath(f.source).stem, f.start, f.end) for f in fragments]

    def retrieving(self, stages: Sequence[str], fusion: Fusion | None = None) -> Retriever:
        """A retriever of these stages alone, fused by the weights that ship where none are given."""
        return Retriever(self.library, self.vectors, lambda: self.model, stages=stages, fusion=fusion)


@contextmanager
def opened(
    home: Path, *, corpus: str = CORPUS, fusion: Fusion | None = None, exact: bool = False, model: Model | None = None
) -> Iterator[Shelf]:
    """The shelf in `home`, by the model that is given or by the exported one in it. Raises SetupFailed where there is
    none.
    """
    model = model or exported(home)
    database = Database(home / "dream.sqlite3")
    migrate(database)
    library = Library(database)
    vectors = (ExactStores if exact else VectorStores)(home / "vectors")
    retriever = Retriever(library, vectors, lambda: model, fusion=fusion)
    try:
        yield Shelf(library, vectors, model, retriever, library.works.corpus_named(corpus).id)
    finally:
        database.close()


def exported(home: Path) -> Model:
    """The exported model in a data folder. Raises SetupFailed where there is none."""
    folder = find_model(load_settings(home=home))
    if folder is None:
        raise SetupFailed(f"There is no exported model in {home}. `DREAM_HOME={home} dream setup` makes it.")
    return Model(Embedder(folder), folder)


def fill(home: Path, data: Path) -> None:
    """Puts the tales on the shelf; what stands there already is left alone."""
    texts = home / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    for tale in tales(data):
        (texts / f"{tale.name}.txt").write_text(tale.text, encoding="utf-8")
    with opened(home) as shelf:
        indexing = Indexing(shelf.library, shelf.vectors, lambda: shelf.model)
        for done in Ingest(shelf.library, Files(home / "files"), indexing).files([texts], CORPUS):
            if done.outcome != "unchanged":
                print(f"{done.outcome}: {done.source}", flush=True)
