"""What a command asks of a service, as a sequence of JSON-able reports: the same whether the service is this process
or another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dream import users
from dream.actor import OPERATOR
from dream.corpus.ingest import Ingested, ingested, listed
from dream.corpus.outgoing import written_out
from dream.errors import BriefRefused, TextRefused
from dream.retrieval.fragment import Hit
from dream.service import Service
from dream.store import models
from dream.store.backup import back_up
from dream.store.library.jobs import ENDED
from dream.storytelling.brief import Brief
from dream.storytelling.refusals import refusals
from dream.wording import worded

Report = dict[str, Any]

FOLLOW_SECONDS = 0.2


def ingest(service: Service, paths: list[str], corpus: str) -> Iterator[Report]:
    """Reports of how far each file has come, and, with an outcome, of what became of it. Every file that was reported
    once is kept, and read later where this ends early.
    """
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise TextRefused(worded("There is no file or folder %(path)s. Nothing was changed.", path=missing[0]))
    corpus_id = service.library.works.corpus_named(corpus).id
    waiting: dict[str, models.Job] = {}
    with service.background.at_work():
        for path, source in listed([Path(path) for path in paths]):
            try:
                [job] = service.library.jobs.ask(corpus_id, "", [service.ingest.asked(path, source)])
            except TextRefused as error:
                yield asdict(Ingested(source, "refused", sentence=error.sentence))
                continue
            waiting[job.id] = job
            yield {"source": source, "state": "queued", "done": 0, "of": 0}
        yield from _followed(service, waiting)


def _followed(service: Service, waiting: dict[str, models.Job]) -> Iterator[Report]:
    shown: dict[str, tuple[str, int]] = {}
    while waiting:
        found = service.library.jobs.among(list(waiting))
        for id_ in list(waiting):
            job = found.get(id_)
            if job and job.outcome == "apart":
                parts = service.library.jobs.of_batch(job.batch)
                waiting.update((part.id, part) for part in parts if part.id != id_)
                del waiting[id_]
            elif job is None or job.state in ENDED:
                yield asdict(ingested(job) if job else Ingested(waiting[id_].source, "refused", sentence="Removed."))
                del waiting[id_]
            elif shown.get(id_) != (job.state, job.done):
                shown[id_] = (job.state, job.done)
                yield {"source": job.source, "state": job.state, "done": job.done, "of": job.of}
        if waiting:
            threading.Event().wait(FOLLOW_SECONDS)


def embed(service: Service) -> Iterator[Report]:
    """Makes the vectors that are missing; a report of (done, of) for each work."""
    for done, of in service.indexing.embed_missing():
        yield {"done": done, "of": of}


def reindex(service: Service, embedding_model: str | None = None) -> Iterator[Report]:
    """Makes the vectors and the lexical index of every live work anew from SQL, or, where another embedding model is
    named, has it read every work and makes it the current one.
    """
    change = embedding_model is not None and embedding_model != service.models.name
    progress = service.rereading.by(str(embedding_model)) if change else service.mending.rebuild()
    for done, of in progress:
        yield {"done": done, "of": of}


def check(service: Service, repair: bool) -> Iterator[Report]:
    """A report of everything that SQL, files, vectors and words disagree about."""
    for difference in service.comparison.differences(repair=repair):
        yield asdict(difference)


def export(service: Service, corpus: str | None) -> Iterator[Report]:
    """A report for each work of a corpus, as `dream ingest` reads it."""
    yield from written_out(service.library, service.corpus(corpus, OPERATOR).id)


def backup(service: Service, folder: str) -> Iterator[Report]:
    """Copies the database and the files while they are in use."""
    back_up(service.settings, Path(folder))
    yield {"folder": folder}


def search(
    service: Service, queries: list[dict[str, str]], corpus: str | None, limit: int, budget: int | None
) -> Iterator[Report]:
    """A report for each query: its id and its hits, best first."""
    for query in queries:
        found = service.search(query["query"], corpus, OPERATOR, limit=limit, budget=budget)
        yield {"id": query["id"], "hits": [_hit(hit) for hit in found.hits], "missing": list(found.missing)}


def tell(service: Service, brief: dict[str, Any]) -> Iterator[Report]:
    """Begins a story and reports its events as a reader sees them, up to the terminal one."""
    try:
        asked = Brief.model_validate({name: value for name, value in brief.items() if value is not None})
    except ValidationError as error:
        fields = refusals(error)
        named = " ".join(f"{name}: {sentence}" for name, sentence in fields.items())
        raise BriefRefused(named, fields) from None
    corpus = service.check_story(asked, OPERATOR)
    _, scene = service.begin_story(None, asked, corpus, OPERATOR)
    try:
        for event in service.log.follow(scene.id):
            if event:
                yield {"event": event.name, "data": service.sources.in_event(event.name, event.data)}
    finally:
        service.tellings.stop(scene.id)


def works(service: Service, corpus: str | None) -> Iterator[Report]:
    """A report for each work of a corpus, by title."""
    for work in service.library.works.works(service.corpus(corpus, OPERATOR).id):
        yield {
            name: getattr(work, name)
            for name in ("id", "title", "author", "language", "licence", "source", "summary", "tags")
        }


OPERATIONS: dict[str, Callable[..., Iterator[Report]]] = {
    "ingest": ingest,
    "backup": backup,
    "check": check,
    "embed": embed,
    "export": export,
    "reindex": reindex,
    "search": search,
    "tell": tell,
    "works": works,
    **users.OPERATIONS,
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
