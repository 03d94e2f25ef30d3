"""Corpora and their works, to read."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dream.errors import CorpusMissing, NotFound
from dream.web.api import api
from dream.web.api.answers import Corpora, CorpusAnswer, WorkAnswer, Works, WorkText
from dream.web.current import service
from dream.web.operation import operation


class WorksQuery(BaseModel):
    corpus: str | None = Field(None, max_length=64, description="The corpus; the service's default when not given.")


@api.get("/corpora")
@operation("Every corpus and how much stands on it", answer=Corpora)
def corpora() -> Corpora:
    return Corpora(corpora=[CorpusAnswer.of(shelf) for shelf in service().library.works.shelves()])


@api.get("/works")
@operation("The works of a corpus, by title", query=WorksQuery, answer=Works, refuses=(CorpusMissing,))
def works(query: WorksQuery) -> Works:
    corpus = service().corpus(query.corpus)
    found = service().library.works.works(corpus.id)
    return Works(works=[WorkAnswer(**WorkAnswer.about(work, corpus.name)) for work in found])


@api.get("/works/<work_id>")
@operation("A work with its text", answer=WorkText, refuses=(NotFound,))
def work(work_id: str) -> WorkText:
    library = service().library.works
    found = library.work(work_id)
    if found is None or found.live_version_id is None:
        raise NotFound("There is no such work here. It may have been withdrawn by its author.")
    corpus = next(shelf.name for shelf in library.shelves() if shelf.id == found.corpus_id)
    return WorkText(**WorkAnswer.about(found, corpus), text=library.text(found.live_version_id))
