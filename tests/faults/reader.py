"""What the fault suite runs in processes of its own, to be killed: bringing works and reading them.

The processes are forked from one that has imported everything and opened nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dream.retrieval.vectors import VectorStore
from dream.service import Service
from dream.settings import Settings
from dream.store.library.indexes import Indexes
from dream.store.library.jobs import Jobs
from dream.store.library.works import Works

CORPUS = "starter"

STEPS: dict[str, tuple[type, str]] = {
    "asking": (Jobs, "ask"),
    "claiming": (Jobs, "claim"),
    "a step": (Jobs, "step"),
    "staging": (Works, "stage"),
    "writing vectors": (VectorStore, "upsert"),
    "writing meanings": (Indexes, "store_meanings"),
    "counting vectors": (VectorStore, "count"),
    "going live": (Works, "go_live"),
    "discarding": (Works, "discard_staged"),
    "removing vectors": (VectorStore, "delete"),
    "noting the removal": (Works, "cleared"),
    "withdrawing": (Works, "withdraw"),
}
"""The named steps of bringing, reading and withdrawing, each a method that may be the last thing a process does."""


def bring_and_read(home: Path, folder: Path, told: Connection, die_at: tuple[str, bool, int] | None) -> None:
    """Withdraws the first work there is, brings every file of a folder and reads them, telling what was acknowledged.

    `die_at` is a step, whether to die after it instead of before, and how often it may come before that.
    """
    if die_at:
        _die(*die_at)
    service = Service(Settings(_env_file=None, home=home))
    corpus = service.corpus(CORPUS)
    told.send(("begun", ""))
    first = next(work for work in service.library.works.works(corpus.id) if work.source.startswith("old-"))
    service.library.works.withdraw(first.id)
    told.send(("withdrawn", first.source))
    for path in sorted(folder.iterdir()):
        [job] = service.library.jobs.ask(corpus.id, "", [service.ingest.asked(path, path.name)])
        told.send(("acknowledged", job.source))
    while service.ingest.work("killed"):
        pass
    told.send(("done", ""))


def recover_and_compare(home: Path, told: Connection) -> None:
    """Begins again as a service does, reads what waits, and tells what stands where."""
    service = Service(Settings(_env_file=None, home=home))
    service.library.jobs.put_back_lost()
    service.indexing.tidy()
    while service.ingest.work("recovering") or service.library.jobs.active():
        pass
    told.send(standing(service))
    service.close()


def standing(service: Service) -> dict[str, Any]:
    """The live works by source with the sha256 of each, and the fragment ids that SQL, vectors and words hold."""
    corpus, library = service.corpus(CORPUS), service.library
    works = library.works.works(corpus.id)
    live = library.fragments.live_ids(corpus.id)
    keys = [key for work in works for key in library.fragments.keyed(str(work.live_version_id))]
    return {
        "works": {work.source: library.works.version(str(work.live_version_id)).sha256 for work in works},  # type: ignore[union-attr]
        "live": live,
        "vectors": service.vectors.ids(corpus.id),
        "words": set(library.indexes.readings(keys)) == set(keys),
        "meanings": len(library.indexes.with_meanings(service.models.name, keys)) == len(keys),
        "differences": [difference.sentence for difference in service.comparison.differences(repair=False)],
    }


def _die(step: str, after: bool, times: int) -> None:
    owner, name = STEPS[step]
    method: Callable[..., Any] = getattr(owner, name)
    left = times

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*arguments, **named)
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)
