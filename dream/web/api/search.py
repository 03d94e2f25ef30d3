"""Search over the fragments of a corpus."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field

from dream.errors import CorpusMissing
from dream.retrieval.question import MOST_LOOKED_AT
from dream.retrieval.retriever import Filters, Found
from dream.web.api import api
from dream.web.api.answers import HitAnswer, Hits
from dream.web.auth import actor
from dream.web.current import service
from dream.web.operation import operation

LONGEST_QUERY = 100_000
"""More than is looked at of a query; what is longer is no query."""

_LETTER = re.compile(r"[^\W_]")


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
@operation(
    "Fragments that fit a query, best first", scope="read", query=SearchQuery, answer=Hits, refuses=(CorpusMissing,)
)
def search(query: SearchQuery) -> Hits:
    end = query.offset + query.limit
    found = service().search(
        query.q,
        query.corpus,
        actor(),
        limit=end + 1,
        budget=query.budget,
        filters=Filters(query.work, query.language, query.licence),
    )
    hits = [HitAnswer.of(hit, stages=query.stages) for hit in found.hits[query.offset : end]]
    following = end if len(found.hits) > end else None
    return Hits(hits=hits, missing=list(found.missing), next=following, note=_note(query.q, found))


def _note(asked: str, found: Found) -> str | None:
    """Why there are no hits, or why there may be others."""
    if found.missing == ("meaning",):
        return "Found by words alone: what passages mean is not looked at just now."
    if found.missing:
        return "A part of the index is being made anew; meanwhile less may be found than there is."
    if not _LETTER.search(asked):
        return "Please write a word or two."
    if not found.hits:
        return "Nothing on this shelf fits that."
    if len(asked) > MOST_LOOKED_AT:
        return f"Only the first {MOST_LOOKED_AT:,} characters were looked for."
    return None
