"""What a command asks of a service, as a sequence of JSON-able reports: the same whether the service is this process
or another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dream.errors import BriefRefused, TextRefused
from dream.retrieval.fragment import Hit
from dream.service import Service
from dream.storytelling.brief import Brief
from dream.storytelling.refusals import refusals

Report = dict[str, Any]


def ingest(service: Service, paths: list[str], corpus: str) -> Iterator[Report]:
    """A report for each file, as it is done."""
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise TextRefused(f"There is no file or folder {missing[0]}. Nothing was changed.")
    for ingested in service.ingest.files([Path(path) for path in paths], corpus):
        yield asdict(ingested)


def embed(service: Service) -> Iterator[Report]:
    """Makes the vectors that are missing; a report of (done, of) for each work."""
    for done, of in service.ingest.embed_missing():
        yield {"done": done, "of": of}


def reindex(service: Service) -> Iterator[Report]:
    """Makes the vectors and the lexical index of every live work anew from SQL."""
    for done, of in service.ingest.reindex():
        yield {"done": done, "of": of}


def search(
    service: Service, queries: list[dict[str, str]], corpus: str | None, limit: int, budget: int | None
) -> Iterator[Report]:
    """A report for each query: its id and its hits, best first."""
    for query in queries:
        found = service.search(query["query"], corpus, limit=limit, budget=budget)
        yield {"id": query["id"], "hits": [_hit(hit) for hit in found.hits], "missing": list(found.missing)}


def tell(service: Service, brief: dict[str, Any]) -> Iterator[Report]:
    """Begins a story and reports its events as a reader sees them, up to the terminal one."""
    try:
        asked = Brief.model_validate({name: value for name, value in brief.items() if value is not None})
    except ValidationError as error:
        fields = refusals(error)
        raise BriefRefused(" ".join(f"{name}: {sentence}" for name, sentence in fields.items()), fields) from None
    _, scene = service.begin_story(service.library.stories.new_reader(), asked)
    try:
        for event in service.log.follow(scene.id):
            if event:
                yield {"event": event.name, "data": service.event_shown(event.name, event.data)}
    finally:
        service.tellings.stop(scene.id)


def works(service: Service, corpus: str | None) -> Iterator[Report]:
    """A report for each work of a corpus, by title."""
    for work in service.library.works.works(service.corpus(corpus).id):
        yield {
            name: getattr(work, name)
            for name in ("id", "title", "author", "language", "licence", "source", "summary", "tags")
        }


OPERATIONS: dict[str, Callable[..., Iterator[Report]]] = {
    "ingest": ingest,
    "embed": embed,
    "reindex": reindex,
    "search": search,
    "tell": tell,
    "works": works,
}


def _hit(hit: Hit) -> Report:
    fragment = hit.fragment
    return {
        "work": fragment.title,
        "source": fragment.source,
        "start": fragment.start,
        "end": fragment.end,
        "text": fragment.text,
        "score": hit.score,
        "reasons": hit.reasons,
        "words": list(hit.words),
    }
