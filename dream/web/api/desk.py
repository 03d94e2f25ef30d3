"""An author's desk: files brought, how far each has been read, and what becomes of the works."""

from __future__ import annotations

from typing import Annotated

import orjson
from flask import Response, current_app, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from dream.errors import (
    Conflict,
    CorpusMissing,
    FileTooLarge,
    Forbidden,
    FormRefused,
    NoRoom,
    NotFound,
    QuotaReached,
)
from dream.store import models
from dream.store.library.jobs import ENDED
from dream.web.api import api
from dream.web.auth import actor
from dream.web.current import service
from dream.web.languages import translated
from dream.web.operation import operation
from dream.web.uploads import bring, takes_files


class JobAnswer(BaseModel):
    """A file that is read into a work."""

    id: str
    source: str = Field(description="The name of the file, by which its work is known on its shelf.")
    corpus: str
    size: int = Field(description="Bytes.")
    state: str = Field(
        description="queued, parsing, splitting, embedding, indexing, verifying; then live, failed or cancelled."
    )
    done: int = Field(description="Fragments that are read.")
    of: int = Field(description="Fragments in all; 0 while that is not known.")
    outcome: str | None = Field(description="For a live one: new, replaced or unchanged.")
    code: str | None = Field(description="For a failed one: why, for programs.")
    sentence: str | None = Field(description="For a failed one: what happened, and what to do.")
    notices: list[str] = Field(description="What was left out or guessed while it was read.")
    work: str | None
    created_at: float
    ended_at: float | None
    url: str

    @classmethod
    def of_job(cls, job: models.Job) -> JobAnswer:
        return cls(
            id=job.id, source=job.source, corpus=job.corpus_id, size=job.size, state=job.state, done=job.done,
            of=job.of, outcome=job.outcome, code=job.code, sentence=translated(job.sentence or "") or None,
            notices=[translated(notice) for notice in job.notices],
            work=job.work_id, created_at=job.created_at, ended_at=job.ended_at,
            url=url_for("api.job", job_id=job.id),
        )  # fmt: skip


class Jobs(BaseModel):
    jobs: list[JobAnswer]


class WorkSaid(BaseModel):
    """What an author says of a work; it wins over its file from then on. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    author: Annotated[str, Field(max_length=200)] | None = None
    licence: Annotated[str, Field(max_length=200)] | None = None
    summary: Annotated[str, Field(max_length=500)] | None = None
    language: Annotated[str, Field(min_length=2, max_length=2, pattern="^[a-z]{2}$")] | None = None
    quotable: bool | None = Field(None, description="Whether stories may quote it word for word.")


class DeskWork(BaseModel):
    id: str
    title: str
    author: str
    licence: str
    language: str
    source: str
    quotable: bool
    live: bool = Field(description="False where it is withdrawn: no search and no story finds it.")
    fragments: int
    stories: int = Field(description="Stories with a sentence that leans on it.")
    sentences: int = Field(description="Sentences that lean on it.")


class DeskWorks(BaseModel):
    works: list[DeskWork]


class UseAnswer(BaseModel):
    """How stories leaned on a fragment."""

    position: int
    scenes: int = Field(description="Scenes whose storyteller it was laid before.")
    sentences: int = Field(description="Sentences that lean on it.")
    strongest: float = Field(description="The strongest of those ties, from 0 to 1.")
    mean: float
    copied: int = Field(description="Runs of words that stand in a story as they stand in it.")


class StoryUseAnswer(BaseModel):
    """How one story leaned on a work. Its title and address are known where its reader has shared it."""

    title: str
    url: str | None
    begun_at: float
    sentences: int
    strongest: float
    fragments: dict[int, int] = Field(description="The sentences that lean on each fragment, by its position.")


class Uses(BaseModel):
    uses: list[UseAnswer]
    stories: list[StoryUseAnswer]


@api.post("/works")
@takes_files
@operation(
    "Bring files to be read: multipart, `files` (many), `rights` (yes), and if wished `corpus`, `licence`, `quotable`",
    scope="author", status=202, answer=Jobs,
    refuses=(FormRefused, CorpusMissing, FileTooLarge, QuotaReached, NoRoom),
)  # fmt: skip
def bring_works() -> ResponseReturnValue:
    """202, or 200 where every file is on its shelf already, byte for byte."""
    jobs = bring()
    answer = Jobs(jobs=[JobAnswer.of_job(job) for job in jobs])
    status = 200 if all(job.outcome == "unchanged" for job in jobs) else 202
    return Response(answer.model_dump_json(), status=status, mimetype="application/json")


@api.get("/jobs")
@operation("The files on your desk, newest first", scope="author", answer=Jobs)
def jobs() -> Jobs:
    return Jobs(jobs=[JobAnswer.of_job(job) for job in service().desk.jobs(actor())])


@api.get("/jobs/<job_id>")
@operation("How far a file has been read", scope="author", answer=JobAnswer, refuses=(NotFound,))
def job(job_id: str) -> JobAnswer:
    return JobAnswer.of_job(service().desk.job(actor(), job_id))


@api.get("/jobs/events")
@operation("Follow the files on your desk until all are read", scope="author", media="text/event-stream")
def job_events() -> Response:
    """A `job` event for each file now and whenever it has come further; 204 where nothing is being read."""
    desk, asking = service().desk, actor()
    if all(job.state in ENDED for job in desk.jobs(asking)):
        return Response(status=204)
    shown = lambda job: orjson.dumps(JobAnswer.of_job(job).model_dump()).decode()  # noqa: E731
    response: Response = current_app.extensions["followers"].follow_jobs(service(), asking, shown)
    return response


@api.post("/jobs/<job_id>/cancel")
@operation(
    "Stop reading a file; what stood before stays", scope="author", answer=JobAnswer, refuses=(NotFound, Conflict)
)
def cancel_job(job_id: str) -> JobAnswer:
    return JobAnswer.of_job(service().desk.cancel(actor(), job_id))


@api.post("/jobs/<job_id>/retry")
@operation("Read a file again that failed", scope="author", answer=JobAnswer, refuses=(NotFound, Conflict))
def retry_job(job_id: str) -> JobAnswer:
    return JobAnswer.of_job(service().desk.retry(actor(), job_id))


@api.delete("/jobs/<job_id>")
@operation("Remove a file from the desk; a live work stays", scope="author", status=204, refuses=(NotFound,))
def delete_job(job_id: str) -> Response:
    service().desk.forget(actor(), job_id)
    return Response(status=204)


@api.get("/desk")
@operation("Your works, those withdrawn among them", scope="author", answer=DeskWorks)
def desk() -> DeskWorks:
    return DeskWorks(
        works=[_desk_work(row.work, row.fragments, row.stories, row.sentences) for row in service().desk.works(actor())]
    )


@api.patch("/works/<work_id>")
@operation("Say what a work is", scope="author", body=WorkSaid, answer=DeskWork, refuses=(NotFound,))
def describe_work(work_id: str, body: WorkSaid) -> DeskWork:
    said = {name: value for name, value in body.model_dump().items() if value is not None}
    return _shown(service().desk.describe(actor(), work_id, said))


@api.post("/works/<work_id>/withdraw")
@operation(
    "Take a work out of every search and story to come, at once", scope="author", answer=DeskWork,
    refuses=(NotFound, Conflict),
)  # fmt: skip
def withdraw_work(work_id: str) -> DeskWork:
    return _shown(service().desk.withdraw(actor(), work_id))


@api.post("/works/<work_id>/restore")
@operation(
    "Put a withdrawn work back", scope="author", status=202, answer=JobAnswer, refuses=(NotFound, Conflict, Forbidden)
)
def restore_work(work_id: str) -> JobAnswer:
    return JobAnswer.of_job(service().desk.restore(actor(), work_id))


@api.delete("/works/<work_id>")
@operation("Remove a work for good, with its text and its file", scope="author", status=204, refuses=(NotFound,))
def delete_work(work_id: str) -> Response:
    service().desk.remove(actor(), work_id)
    return Response(status=204)


@api.get("/works/<work_id>/uses")
@operation("How stories leaned on each fragment of a work of yours", scope="author", answer=Uses, refuses=(NotFound,))
def uses(work_id: str) -> Uses:
    version, found = service().desk.uses(service().desk.work(actor(), work_id))
    stories = service().library.uses.stories_of_version(version.id) if version else []
    return Uses(
        uses=[
            UseAnswer(
                position=position, scenes=use.scenes, sentences=use.sentences, strongest=use.strongest, mean=use.mean,
                copied=use.copied,
            )
            for position, use in found.items()
        ],
        stories=[
            StoryUseAnswer(
                title=use.title, url=url_for("pages.shared", key=use.key) if use.key else None, begun_at=use.begun_at,
                sentences=use.sentences, strongest=use.strongest, fragments=use.fragments,
            )
            for use in stories
        ],
    )  # fmt: skip


def _shown(work: models.Work) -> DeskWork:
    row = next((row for row in service().desk.works(actor()) if row.work.id == work.id), None)
    return _desk_work(work, *((row.fragments, row.stories, row.sentences) if row else (0, 0, 0)))


def _desk_work(work: models.Work, fragments: int, stories: int, sentences: int) -> DeskWork:
    return DeskWork(
        id=work.id, title=work.title, author=work.author, licence=work.licence, language=work.language,
        source=work.source, quotable=work.quotable, live=work.live_version_id is not None, fragments=fragments,
        stories=stories, sentences=sentences,
    )  # fmt: skip
