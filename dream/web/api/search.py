"""Search over the fragments of a corpus."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dream.errors import CorpusMissing
from dream.web.api import api
from dream.web.api.answers import HitAnswer, Hits
from dream.web.current import service
from dream.web.operation import operation

LONGEST_QUERY = 2000


class SearchQuery(BaseModel):
    q: str = Field(max_length=LONGEST_QUERY, description="What to look for, in plain words.")
    corpus: str | None = Field(None, max_length=64, description="The corpus; the service's default when not given.")
    limit: int = Field(20, ge=1, le=100, description="How many hits at most.")
    budget: int | None = Field(None, ge=100, le=100_000, description="How many characters of fragments at most.")


@api.get("/search")
@operation("Fragments that fit a query, best first", query=SearchQuery, answer=Hits, refuses=(CorpusMissing,))
def search(query: SearchQuery) -> Hits:
    found = service().search(query.q, query.corpus, limit=query.limit, budget=query.budget)
    return Hits(hits=[HitAnswer.of(hit) for hit in found.hits], missing=list(found.missing))
