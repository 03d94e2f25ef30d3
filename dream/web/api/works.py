"""Corpora and their works, to read."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dream.errors import CorpusMissing, NotFound
from dream.web.api import api
from dream.web.api.answers import Corpora, CorpusAnswer, WorkAnswer, Works, WorkText
from dream.web.auth import actor
from dream.web.current import service
from dream.web.operation import operation


class WorksQuery(BaseModel):
    corpus: str | None = Field(None, max_length=64, description="The corpus; the service's default when not given.")


@api.get("/corpora")
@operation("Every corpus that you may read, and how much stands on it", scope="read", answer=Corpora)
def corpora() -> Corpora:
    return Corpora(
        corpora=[CorpusAnswer.of(shelf, actor().account_id) for shelf in service().library.corpora.shelves(actor())]
    )


@api.get("/works")
@operation("The works of a corpus, by title", scope="read", query=WorksQuery, answer=Works, refuses=(CorpusMissing,))
def works(query: WorksQuery) -> Works:
    corpus = service().corpus(query.corpus, actor())
    found = service().library.works.works(corpus.id)
    return Works(works=[WorkAnswer(**WorkAnswer.about(work, corpus.name)) for work in found])


@api.get("/works/<work_id>")
@operation("A work with its text", scope="read", answer=WorkText, refuses=(NotFound,))
def work(work_id: str) -> WorkText:
    found, corpus = service().work(work_id, actor())
    return WorkText(
        **WorkAnswer.about(found, corpus.name), text=service().library.works.text(str(found.live_version_id))
    )
