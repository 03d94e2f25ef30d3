"""The child that reads: begun when something waits, replaced when it dies, and gone with its parent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dream.jobs.background import environment
from dream.jobs.worker import Worker
from dream.service import Service
from dream.settings import Settings
from dream.store import models
from dream.store.library.jobs import ENDED
from tests.conftest import TALES, OpenService

TALE = TALES / "en" / "eleven-coats.md"
PATIENCE = 60.0


@pytest.fixture
def reading(stocked: Service) -> Iterator[Service]:
    """A stocked service whose background has begun."""
    stocked.background.start()
    yield stocked
    stocked.background.close()


def ask(service: Service, path: Path = TALE, corpus: str = "brought") -> models.Job:
    corpus_id = service.library.works.corpus_named(corpus).id
    [job] = service.library.jobs.ask(corpus_id, "", [service.ingest.asked(path, path.name)])
    service.background.nudge()
    return job


def until(true: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    patience = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < patience, "it never came about"
        threading.Event().wait(0.02)


def ended(service: Service, job: models.Job) -> models.Job:
    until(lambda: now(service, job).state in ENDED)
    return now(service, job)


def now(service: Service, job: models.Job) -> models.Job:
    found = service.library.jobs.job(job.id)
    assert found
    return found


def test_what_waits_is_read_in_another_process_and_found_in_this_one(reading: Service) -> None:
    job = ended(reading, ask(reading))
    assert (job.state, job.outcome, job.done) == ("live", "new", job.of)
    corpus = reading.corpus("brought")
    assert reading.vectors.ids(corpus.id) == reading.library.fragments.live_ids(corpus.id)
    assert reading.search("a button that belongs to no coat", "brought").hits


def test_a_killed_reader_is_replaced_and_its_job_read_once(reading: Service) -> None:
    job = ask(reading)
    until(lambda: now(reading, job).state == "embedding")
    os.kill(reading.background.reader or 0, signal.SIGKILL)
    found = ended(reading, job)
    assert (found.state, found.outcome, found.attempt) == ("live", "new", 2)
    corpus = reading.corpus("brought")
    assert reading.vectors.ids(corpus.id) == reading.library.fragments.live_ids(corpus.id)


def test_closing_ends_the_reader_and_what_it_read_waits(reading: Service) -> None:
    job = ask(reading)
    until(lambda: now(reading, job).state in ("parsing", "splitting", "embedding"))
    reader = reading.background.reader
    assert reader
    reading.background.close()
    assert not Path(f"/proc/{reader}").exists()
    assert (now(reading, job).state, now(reading, job).tries) in [("queued", 0), ("live", 1)]


def test_cancelling_reaches_the_reader(reading: Service) -> None:
    job = ask(reading)
    until(lambda: now(reading, job).state == "embedding")
    reading.library.jobs.cancel(job.id)
    assert ended(reading, job).state == "cancelled"
    version = now(reading, job).version_id
    until(lambda: reading.library.works.version(str(version)) is None and not reading.library.works.leftovers())
    assert reading.vectors.ids(reading.corpus("brought").id) == set()


def test_a_child_that_parses_what_strangers_wrote_has_no_secrets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1234567890")
    monkeypatch.setenv("DREAM_SECRET_KEY", "0987654321")
    given = environment(Settings(_env_file=None, home=home))
    assert given["DREAM_HOME"] == str(home)
    assert not {"sk-1234567890", "0987654321"} & set(given.values())


def test_works_that_stand_by_words_alone_are_read_for_their_meaning_after_what_waits(
    open_service: OpenService, home: Path, model_folder: Path
) -> None:
    hurried = open_service()
    assert [done.outcome for done in hurried.ingest.files([TALE], "starter")] == ["new"]
    hurried.close()
    (home / "models").mkdir()
    (home / "models" / model_folder.name).symlink_to(model_folder)
    service = open_service()
    assert service.library.works.unembedded(service.models.name)
    job = ask(service, TALES / "ko" / "two-ferrymen.md")
    Worker(service.library, service.ingest, catches_up=True).run(idle_seconds=0)
    assert now(service, job).outcome == "new"
    assert service.library.works.unembedded(service.models.name) == []
    corpus = service.corpus("starter")
    assert service.vectors.ids(corpus.id) == service.library.fragments.live_ids(corpus.id)
