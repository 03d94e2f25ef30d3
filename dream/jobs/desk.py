"""The desk: what an author does with their works, and nobody else with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dream.actor import Actor
from dream.errors import Conflict, CorpusMissing, Forbidden, NoRoom, NotFound, QuotaReached
from dream.settings import Settings
from dream.store import models
from dream.store.files import Files
from dream.store.ids import new_id
from dream.store.library import Library
from dream.store.library.desk import Row
from dream.store.library.jobs import Asked
from dream.store.library.uses import Use
from dream.wording import worded

LEAST_FREE = 200 * 2**20
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """What an author may still bring."""

    files: int
    bytes: int


class Desk:
    """`nudge` is called when something waits to be read."""

    def __init__(self, settings: Settings, library: Library, files: Files, nudge: Callable[[], None]) -> None:
        self._settings = settings
        self._library = library
        self._files = files
        self._nudge = nudge

    # Bringing

    def room(self, actor: Actor) -> Room:
        """What the actor may still bring. Raises NoRoom where the disk has none, QuotaReached where they have not."""
        home = self._settings.home
        if shutil.disk_usage(home).free < LEAST_FREE:
            raise NoRoom("The disk of the service is nearly full. Nothing was changed; please try again later.")
        works, size = self._library.desk.brought(_owner(actor))
        room = Room(self._settings.author_works - works, self._settings.author_megabytes * MEGABYTE - size)
        if actor.role in ("operator", "admin"):
            return Room(max(room.files, 1_000_000), max(room.bytes, 2**40))
        if room.files <= 0 or room.bytes <= 0:
            raise QuotaReached(
                worded(
                    "You have brought %(works)s works with %(megabytes)s MB, and there is room for no more. All of "
                    "them are kept. Remove some that you no longer need, or ask whoever runs this dream for more.",
                    works=works,
                    megabytes=size // MEGABYTE,
                )
            )
        return room

    def shelf(self, actor: Actor, reference: str) -> models.Corpus:
        """The corpus that a work is to stand on: the one that is named, or else the actor's own first one, which is
        made where they have none. Raises CorpusMissing.
        """
        if reference:
            found = self._library.corpora.addable(actor, reference)
            if found is None:
                raise CorpusMissing("There is no such shelf that you may put works on. Nothing was changed.")
            return found
        if actor.account_id is None:
            raise CorpusMissing("Please name the shelf that the works are for. Nothing was changed.")
        own = self._library.corpora.owned(actor.account_id)
        if own and (found := self._library.corpora.addable(actor, own[0].id)):
            return found
        return self._library.corpora.make(f"shelf-{new_id()[:8]}", "My works", actor.account_id, public=False)

    def bring(self, actor: Actor, corpus: models.Corpus, files: Sequence[Asked]) -> list[models.Job]:
        """Asks for files to be read that are among the source files already: all of them, or none."""
        for file in files:
            self._library.desk.check_allowed(corpus.id, file.source)
        jobs = self._library.jobs.ask(corpus.id, _owner(actor), files)
        if not all(self._files.has(file.sha256) for file in files):  # the same bytes were removed at that moment
            for job in jobs:
                self._library.jobs.remove(job.id)
            raise Conflict("The same file was being removed meanwhile. Nothing was changed; please send it again.")
        self._nudge()
        return jobs

    # Jobs

    def jobs(self, actor: Actor) -> list[models.Job]:
        """The actor's jobs, newest first."""
        return self._library.jobs.of_owner(_owner(actor))

    def job(self, actor: Actor, job_id: str) -> models.Job:
        """Raises NotFound for somebody else's as for none at all."""
        job = self._library.jobs.job(job_id)
        if job is None or (job.owner != _owner(actor) and actor.role != "operator"):
            raise NotFound("There is no such file on your desk. It may have been removed meanwhile.")
        return job

    def cancel(self, actor: Actor, job_id: str) -> models.Job:
        if not self._library.jobs.cancel(self.job(actor, job_id).id):
            raise Conflict("It has ended already. Nothing was changed.")
        return self.job(actor, job_id)

    def retry(self, actor: Actor, job_id: str) -> models.Job:
        job = self.job(actor, job_id)
        if not self._files.has(job.sha256):
            raise Conflict("The file is not kept any more. Please bring it again.")
        if not self._library.jobs.retry(job.id):
            raise Conflict("Only what has failed or was cancelled can be tried again. Nothing was changed.")
        self._nudge()
        return self.job(actor, job_id)

    def forget(self, actor: Actor, job_id: str) -> None:
        """Removes a job in whatever state; a work that is live because of it stays. The file goes with its last use."""
        job = self.job(actor, job_id)
        self._library.jobs.remove(job.id)
        self._drop_unused([job.sha256])
        self._nudge()

    # Works

    def works(self, actor: Actor) -> list[Row]:
        """The actor's works, by title, those withdrawn among them."""
        return self._library.desk.works(_owner(actor))

    def work(self, actor: Actor, work_id: str) -> models.Work:
        """A work that the actor may change. Raises NotFound otherwise."""
        work = self._library.works.work(work_id)
        if work is None or work.removed_at is not None or not self._library.desk.may_change(actor, work):
            raise NotFound("There is no such work on your desk.")
        return work

    def uses(self, work: models.Work) -> tuple[models.Version | None, dict[int, Use]]:
        """The version that is live, or was last, and how stories leaned on each of its fragments."""
        version = self._library.works.latest_version(work.id)
        return version, self._library.uses.of_version(version.id) if version else {}

    def describe(self, actor: Actor, work_id: str, said: dict[str, Any]) -> models.Work:
        """Says of a work what its author says, which wins over its file from now on."""
        work = self.work(actor, work_id)
        self._library.desk.describe(work.id, said)
        return self.work(actor, work_id)

    def withdraw(self, actor: Actor, work_id: str) -> models.Work:
        """Takes a work out of every search and story to come, at once. Its text and file are kept."""
        work = self.work(actor, work_id)
        self._library.jobs.cancel_of_work(work.corpus_id, work.source)
        if not self._library.works.withdraw(work.id):
            raise Conflict("It is withdrawn already. Nothing was changed.")
        self._nudge()
        return self.work(actor, work_id)

    def restore(self, actor: Actor, work_id: str) -> models.Job:
        """Puts a withdrawn work back: its file is read again."""
        work = self.work(actor, work_id)
        version = self._library.works.latest_version(work.id)
        if work.live_version_id is not None or version is None:
            raise Conflict("It stands on the shelf already. Nothing was changed.")
        if work.taken_down_at is not None:
            raise Forbidden("It was taken down by whoever runs this dream, and only they can allow it again.")
        if not self._files.has(version.sha256):
            raise Conflict("Its file is not kept any more. Please bring it again.")
        asked = Asked(work.source, version.sha256, version.size, {})
        [job] = self._library.jobs.ask(work.corpus_id, _owner(actor), [asked])
        self._nudge()
        return job

    def remove(self, actor: Actor, work_id: str) -> None:
        """Removes a work for good: its text, its fragments and its file. Stories keep their own text."""
        work = self.work(actor, work_id)
        self._drop_unused(self._library.works.remove(work.id))
        self._nudge()

    def _drop_unused(self, files: Sequence[str]) -> None:
        for sha256 in files:
            self._library.works.drop_file(sha256, self._files)


def _owner(actor: Actor) -> str:
    return actor.account_id or ""
