"""Ingest: a file becomes a work whose fragments can be found. Nothing is retrieved before all of it is stored and
counted.

Each file is a job, a row in SQL that says how far it has come. Whoever claims it reads it; what a worker that died has
done is taken up by the next.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath
from typing import Literal

from sqlalchemy.exc import OperationalError

from dream.corpus.document import Document
from dream.corpus.indexing import Indexing
from dream.corpus.loaders import suffixes
from dream.corpus.parsing import LARGEST_FILE, parse
from dream.corpus.sectioning import cut
from dream.corpus.taking_apart import take_apart
from dream.errors import DreamError, NoRoom, TextRefused
from dream.logs import request_id
from dream.metrics import READING
from dream.store import models
from dream.store.files import CHUNK, Files, Kept
from dream.store.fragment import Fragment
from dream.store.library import Library
from dream.store.library.jobs import AT_WORK, ATTEMPTS, ENDED, Asked, JobLost
from dream.store.library.works import Draft, Piece
from dream.wording import worded

AGAIN_SECONDS = 5.0
"""How long a job that was broken off waits for its next attempt; twice as long for the one after."""
POLL_SECONDS = 0.1
LONGER = 3
"""How many times as long the parser may take at every further attempt."""
LAPSED_SECONDS = 40.0
"""A job whose worker has been silent for so long is lost: another may take it up."""


Outcome = Literal["new", "replaced", "unchanged", "refused"]

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """The author of a job at work wants it to end."""


class Stopped(Exception):
    """This worker is to end; its job waits for another."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one work. `sentence` says why where its file was refused, `notices` what was left out of it."""

    source: str
    outcome: Outcome
    fragments: int = 0
    sentence: str = ""
    notices: tuple[str, ...] = ()


class Ingest:
    def __init__(self, library: Library, files: Files, indexing: Indexing) -> None:
        self._library = library
        self._files = files
        self.indexing = indexing
        self.stopping = threading.Event()
        """Set by whoever wants reading to end; what is being read then waits for another worker."""

    # Bringing files

    def files(self, paths: list[Path], corpus: str, worker: str = "inline") -> Iterator[Ingested]:
        """Reads files one after the other, here; one that is refused does not stop the rest."""
        corpus_id = self._library.works.corpus_named(corpus).id
        for path, source in listed(paths):
            try:
                [job] = self._library.jobs.ask(corpus_id, "", [self.asked(path, source)])
                yield from self._brought(job, worker)
            except DreamError as error:  # a job that was asked for by then waits, and is read another time
                yield Ingested(source, "refused", sentence=error.sentence)

    def _brought(self, job: models.Job, worker: str) -> Iterator[Ingested]:
        """What becomes of a job, and of those that it is taken apart into."""
        while job.state not in ENDED:
            claimed = self.work(worker)
            if claimed is None:
                threading.Event().wait(POLL_SECONDS)  # another worker has it, or it waits for another attempt
                self._library.jobs.put_back_lost(silent_since=time.time() - LAPSED_SECONDS)
            job = self._library.jobs.job(job.id) or job
            if claimed and (claimed.id, claimed.attempt) == (job.id, job.attempt) and job.state in AT_WORK:
                self._library.jobs.put_back(job, AGAIN_SECONDS)  # how it broke off found no room; this raises the same
        if job.outcome != "apart":
            yield ingested(job)
            return
        for part in self._library.jobs.of_batch(job.batch):
            if part.id != job.id:
                yield from self._brought(part, worker)

    def asked(self, path: Path, source: str) -> Asked:
        """A file of this machine, copied to the source files under the name that its work is known by.

        Raises TextRefused.
        """
        kept = self._kept(path)
        return Asked(source, kept.sha256, kept.size)

    def _kept(self, path: Path) -> Kept:
        try:
            if path.exists() and not path.is_file():
                raise TextRefused(
                    worded("%(name)s is not a file.", name=path)
                )  # reading a pipe or a device might never end
            if path.stat().st_size > LARGEST_FILE:
                raise TextRefused(
                    worded(
                        "%(name)s is larger than %(limit)s MiB. Split it, and bring the parts.",
                        name=path.name,
                        limit=LARGEST_FILE // 2**20,
                    )
                )
            incoming = self._files.incoming()
            try:
                with path.open("rb") as file:
                    while data := file.read(CHUNK):
                        incoming.write(data)
                return incoming.keep()
            finally:
                incoming.close()
        except OSError as error:
            raise TextRefused(
                worded(
                    "%(name)s could not be read: %(fault)s.",
                    name=path,
                    fault=(error.strerror or "unknown error").lower(),
                )
            ) from None

    # Reading

    def work(self, worker: str) -> models.Job | None:
        """Claims the next job and reads it to its end; that job as it was claimed, None where none could be begun."""
        job = self._library.jobs.claim(worker)
        if job is not None:
            self.read(job)
        return job

    def read(self, job: models.Job) -> None:
        """Reads the file of a claimed job until its work is live, or the job has ended otherwise, or waits again."""
        request_id.set(job.request_id)  # of the request that asked for it: the log's lines go together
        began = time.monotonic()
        outcome = self._outcome(job)
        READING.labels(outcome).observe(time.monotonic() - began)
        try:
            self.indexing.tidy()
        except Exception:
            logger.exception("what is left over could not be removed; the next job tries it again")

    def _outcome(self, job: models.Job) -> Literal["live", "lost", "waiting", "cancelled", "failed"]:
        """Reads a claimed job, and what came of it; "waiting" for another attempt."""
        jobs = self._library.jobs
        try:
            self._read(job)
        except JobLost:
            if job.version_id:
                self._library.works.leave(job.version_id)
            return "lost"
        except Stopped:
            jobs.release(job)
            return "waiting"
        except Cancelled:
            jobs.end(job, "cancelled", sentence=worded("Cancelled. What stood before is unchanged."))
            return "cancelled"
        except Exception as error:  # noqa: BLE001 - it is logged and noted; a worker has nobody else to tell
            if isinstance(error, DreamError) and not error.retry:
                jobs.end(job, "failed", code=error.code, sentence=error.sentence)
                return "failed"
            return self._broken_off(job, error)
        return "live"

    def _read(self, job: models.Job) -> None:
        works = self._library.works
        if works.unchanged(job):
            return
        if job.version_id is None or works.version(job.version_id) is None:
            self._step(job, "parsing")
            with self._parsed(job) as documents:
                document, another = next(documents), next(documents, None)
                self._step(job, "splitting")
                if another is not None:
                    self._take_apart(job, chain((document, another), documents))
                    return
                works.stage(job, _draft(job.source, document))
        assert job.version_id is not None
        fragments = self._library.fragments.keyed(job.version_id)
        embedding = self._embed_staged(job, fragments)
        self._step(job, "indexing", len(fragments), len(fragments))
        words = self.indexing.words(job.corpus_id, fragments)
        self._step(job, "verifying", len(fragments), len(fragments))
        self.indexing.verify(job.corpus_id, job.version_id, embedding)
        works.go_live(job, words, embedding)
        model = self.indexing.model()
        if model and model.name != embedding:  # another model took over meanwhile, or the first one came
            self.indexing.index(job.corpus_id, job.version_id)

    def _take_apart(self, job: models.Job, documents: Iterable[Document]) -> None:
        """Asks for a job for each of a file's works, and ends the file's own. Done twice, it changes nothing more."""
        parts = [
            Asked(source, kept.sha256, kept.size, job.about)
            for source, kept in take_apart(documents, job.source, _title(job.source), self._files)
        ]
        self._library.jobs.ask(job.corpus_id, job.owner, parts, batch=job.batch)
        sentence = worded("It holds %(works)s works, which are read on their own.", works=len(parts))
        self._library.jobs.end(job, "live", outcome="apart", sentence=sentence)

    def _parsed(self, job: models.Job) -> AbstractContextManager[Iterator[Document]]:
        path = self._files.path(job.sha256)
        if not path.exists():
            raise TextRefused(
                worded("The file of %(name)s is not there any more. Please bring it again.", name=job.source)
            )
        # A machine that is busy elsewhere keeps a parser waiting: every further attempt may take longer.
        return parse(path, job.source, LONGER ** (job.tries - 1))

    def _step(self, job: models.Job, state: str, done: int = 0, of: int = 0) -> None:
        if self._library.jobs.step(job, state, done, of):
            raise Cancelled
        if self.stopping.is_set():
            raise Stopped

    def _embed_staged(self, job: models.Job, fragments: dict[int, Fragment]) -> str | None:
        """Makes the vectors that staged fragments lack and names the model; None where there is no model yet."""
        model = self.indexing.model()
        self._step(job, "embedding", 0, len(fragments))
        if model is None:
            return None
        made = self._library.indexes.with_meanings(model.name, list(fragments))
        waiting = {key: fragment for key, fragment in fragments.items() if key not in made}
        for done in self.indexing.embed(model, job.corpus_id, waiting):
            self._step(job, "embedding", len(made) + done, len(fragments))
        return model.name

    def _broken_off(self, job: models.Job, error: Exception) -> Literal["waiting", "failed"]:
        logger.error("reading %s broke off", job.id, exc_info=error)
        jobs = self._library.jobs
        try:
            if job.tries >= ATTEMPTS:
                code, sentence = _reason(error)
                jobs.end(job, "failed", code=code, sentence=sentence)
                return "failed"
            jobs.put_back(job, AGAIN_SECONDS * 2 ** (job.tries - 1))
        except (OperationalError, NoRoom):
            logger.exception("the database does not answer; the job is found by its silence")
        return "waiting"


def ingested(job: models.Job) -> Ingested:
    """What became of the file of a job that has ended."""
    if job.state == "live":
        outcome: Outcome = "unchanged" if job.outcome == "unchanged" else "new" if job.outcome == "new" else "replaced"
        return Ingested(job.source, outcome, job.of, notices=tuple(job.notices))
    return Ingested(job.source, "refused", sentence=job.sentence or "")


def _reason(error: Exception) -> tuple[str, str]:
    """The code and the sentence of a job that was broken off too often."""
    full = isinstance(error, NoRoom) or (isinstance(error, OSError) and error.errno == errno.ENOSPC)
    if full or "disk is full" in str(error):
        return "disk_full", worded(
            "The file is kept, and what stood before is unchanged. The disk of the service is full. "
            "Try again when there is room."
        )
    if isinstance(error, TextRefused):
        return error.code, error.sentence
    return "internal", worded(
        "The file is kept, and what stood before is unchanged. Reading it met an error of our own, three times. "
        "Try again later."
    )


def listed(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file and the name it is known by: its own, or its path within the folder that was named."""
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if (
                    file.is_file()
                    and file.suffix.lower() in suffixes()
                    and not any(part.startswith(".") for part in file.relative_to(path).parts)
                ):
                    yield file, file.relative_to(path).as_posix()
        else:
            yield path, path.name


def _draft(source: str, document: Document) -> Draft:
    about = {
        "title": document.title or _title(source), "author": document.author, "language": document.language,
        "licence": document.licence, "summary": document.summary, "tags": document.tags, "quotable": document.quotable,
    }  # fmt: skip
    sections: list[tuple[str, int, int]] = []
    pieces: list[Piece] = []
    start = 0
    for heading, text in document.sections:
        sections.append((heading, start, start + len(text)))
        pieces += [
            Piece(heading, start + span.start, start + span.end, text[span.start : span.end])
            for span in cut(text, document.language)
        ]
        start += len(text)
    return Draft(document.text, about, sections, pieces, document.notices)


def _title(source: str) -> str:
    words = PurePath(source).stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words).capitalize() or source
