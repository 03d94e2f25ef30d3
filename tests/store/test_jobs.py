"""The job's row: claimed once, in turns between authors, held by its latest claim alone."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import update

from dream.service import Service
from dream.store import models
from dream.store.library import Library
from dream.store.library.jobs import Asked, JobLost


@pytest.fixture
def library(service: Service) -> Library:
    return service.library


def ask(library: Library, owner: str, *sources: str) -> list[models.Job]:
    corpus = library.works.corpus_named("starter")
    return library.jobs.ask(corpus.id, owner, [Asked(source, "0" * 64, 1) for source in sources])


def claimed(library: Library, worker: str = "one") -> models.Job:
    job = library.jobs.claim(worker)
    assert job
    return job


def test_authors_take_turns(library: Library) -> None:
    ask(library, "many", *(f"{number}.txt" for number in range(5)))
    ask(library, "few", "a.txt")
    ask(library, "pair", "b.txt", "c.txt")
    order = [(job.owner, job.source) for job in iter(lambda: library.jobs.claim("one"), None)]
    assert [owner for owner, _ in order] == ["many", "few", "pair", "many", "pair", "many", "many", "many"]
    assert [source for owner, source in order if owner == "many"] == [f"{number}.txt" for number in range(5)]


def test_no_job_is_claimed_twice(library: Library) -> None:
    ask(library, "", *(f"{number}.txt" for number in range(30)))
    taken: list[str] = []

    def work(name: str) -> None:
        while job := library.jobs.claim(name):
            taken.append(job.id)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 30


def test_two_jobs_of_one_work_run_one_after_the_other_in_their_order(library: Library) -> None:
    [first] = ask(library, "", "lamp.txt")
    [second] = ask(library, "", "lamp.txt")
    assert claimed(library).id == first.id
    assert library.jobs.claim("two") is None
    library.jobs.end(library.jobs.job(first.id) or first, "failed")
    assert claimed(library).id == second.id


def test_only_the_latest_claim_holds_a_job(library: Library) -> None:
    ask(library, "", "lamp.txt")
    before = claimed(library)
    assert library.jobs.put_back_lost() == 1
    after = claimed(library, "two")
    with pytest.raises(JobLost):
        library.jobs.step(before, "embedding")
    assert not library.jobs.end(before, "failed")
    assert library.jobs.step(after, "embedding") is False


def test_a_silent_job_waits_again_and_one_that_beats_does_not(library: Library) -> None:
    ask(library, "", "silent.txt", "beating.txt")
    silent, beating = claimed(library, "one"), claimed(library, "two")
    with library.jobs._database.write() as session:
        session.execute(update(models.Job).values(beat_at=time.time() - 60))
    library.jobs.beat("two")
    assert library.jobs.put_back_lost(silent_since=time.time() - 40) == 1
    assert [_state(library, job) for job in (silent, beating)] == ["queued", "parsing"]


def test_a_job_that_is_lost_three_times_fails_and_says_what_to_do(library: Library) -> None:
    [job] = ask(library, "", "crash.txt")
    for _ in range(3):
        claimed(library)
        library.jobs.put_back_lost()
    found = library.jobs.job(job.id)
    assert found
    assert (found.state, found.code) == ("failed", "given_up")
    assert "Try again" in (found.sentence or "")
    assert library.jobs.retry(job.id)
    assert claimed(library).id == job.id


def test_cancelling_ends_what_waits_and_asks_what_is_at_work(library: Library) -> None:
    ask(library, "", "first.txt", "second.txt")
    first = claimed(library)
    waiting = next(job for job in library.jobs.of_owner("") if job.state == "queued")
    assert library.jobs.cancel(waiting.id)
    assert _state(library, waiting) == "cancelled"
    assert library.jobs.cancel(first.id)
    assert library.jobs.step(first, "splitting") is True
    library.jobs.end(first, "cancelled")
    assert not library.jobs.cancel(first.id)


def test_a_job_removed_at_work_is_noticed_at_its_next_step(library: Library) -> None:
    ask(library, "", "lamp.txt")
    job = claimed(library)
    library.jobs.remove(job.id)
    with pytest.raises(JobLost):
        library.jobs.step(job, "embedding")


def test_suspending_an_author_ends_all_their_jobs_and_nobody_elses(library: Library) -> None:
    ask(library, "bad", "a.txt", "b.txt")
    ask(library, "good", "c.txt")
    at_work = claimed(library)
    library.jobs.cancel_all("bad")
    assert library.jobs.step(at_work, "embedding") is True
    assert sorted(job.state for job in library.jobs.of_owner("bad")) == ["cancelled", "embedding"]
    assert library.jobs.active("good") == 1


def _state(library: Library, job: models.Job) -> str:
    found = library.jobs.job(job.id)
    return found.state if found else "removed"
