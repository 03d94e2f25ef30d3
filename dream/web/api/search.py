"""Search over the fragments of a corpus."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dream.errors import CorpusMissing
from dream.retrieval.retriever import Filters
from dream.web.api import api
from dream.web.api.answers import HitAnswer, Hits
from dream.web.current import service
from dream.web.operation import operation

LONGEST_QUERY = 2000


class SearchQuery(BaseModel):
    q: str = Field(max_length=LONGEST_QUERY, description="What to look for, in plain words.")
    corpus: str | None = Field(None, max_length=64, description="The corpus; the service's default when not given.")
    work: str | None = Field(None, max_length=64, description="Only this work, by its id.")
    language: str | None = Field(None, max_length=8, description="Only works in this language, such as en or ko.")
    licence: str | None = Field(None, max_length=200, description="Only works under this licence.")
    limit: int = Field(20, ge=1, le=100, description="How many hits at most.")
    offset: int = Field(0, ge=0, le=200, description="How many of the best hits to pass over.")
    budget: int | None = Field(None, ge=100, le=100_000, description="How many characters of fragments at most.")
    stages: bool = Field(False, description="Whether each hit says what every stage gave it.")


@api.get("/search")
@operation("Fragments that fit a query, best first", query=SearchQuery, answer=Hits, refuses=(CorpusMissing,))
def search(query: SearchQuery) -> Hits:
    found = service().search(
        query.q,
        query.corpus,
        limit=query.offset + query.limit,
        budget=query.budget,
        filters=Filters(query.work, query.language, query.licence),
    )
    hits = [HitAnswer.of(hit, stages=query.stages) for hit in found.hits[query.offset :]]
    return Hits(hits=hits, missing=list(found.missing))
