"""An author's desk: files brought and how far each is read, the works, and where stories have used them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from dream.errors import CorpusMissing, DreamError, FormRefused
from dream.retrieval.fragment import Hit
from dream.store import models
from dream.store.library.jobs import ENDED
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.works import passages
from dream.web.uploads import bring, takes_files
from dream.wording import worded

STATES = {
    "queued": worded("Waiting its turn"),
    "parsing": worded("Being opened"),
    "splitting": worded("Being divided into fragments"),
    "embedding": worded("Being read"),
    "indexing": worded("Being indexed"),
    "verifying": worded("Being checked"),
    "live": worded("On the shelf"),
    "failed": worded("Not read"),
    "cancelled": worded("Cancelled"),
}
_MOST_JOBS = 100
_MOST_HITS = 8


@pages.get("/desk")
@needs("author")
def desk() -> ResponseReturnValue:
    return _desk()


@pages.post("/desk")
@takes_files
@needs("author")
def bring_files() -> ResponseReturnValue:
    try:
        jobs = bring()
    except (FormRefused, CorpusMissing) as error:
        return _desk(error)
    unchanged = sum(job.outcome == "unchanged" for job in jobs)
    flash(_brought(len(jobs), unchanged))
    return redirect(url_for("pages.desk"), 303)


def _brought(files: int, unchanged: int) -> str:
    if unchanged == files:
        return str(gettext("Nothing to do: every one of these files stands on its shelf already, byte for byte."))
    kept = ngettext(
        "%(num)s file is kept, and will be read even if you leave.",
        "%(num)s files are kept, and will be read even if you leave.",
        files,
    )
    there = gettext("%(unchanged)s of them stood on the shelf already.", unchanged=unchanged) if unchanged else ""
    return f"{kept} {there}".rstrip()


def _desk(error: DreamError | None = None) -> ResponseReturnValue:
    asking = actor()
    jobs = [job for job in service().desk.jobs(asking) if job.outcome not in ("unchanged", "apart")]
    active = [job for job in jobs if job.state not in ENDED]
    ended = [job for job in _latest(jobs) if job.state in ("failed", "cancelled")]
    query, works = request.args.get("q", "").strip()[:500], service().desk.works(asking)
    shown = {
        "active": active[::-1][:_MOST_JOBS],
        "more": max(len(active) - _MOST_JOBS, 0),
        "ended": ended[:_MOST_JOBS],
        "works": works,
        "shelves": service().library.corpora.addable_by(asking),
        "chosen": request.form.get("corpus") or request.args.get("corpus", ""),
        "states": STATES,
        "notices": {job.work_id: job.notices for job in jobs[::-1] if job.state == "live"},
        "query": query,
        "hits": _search(query, {row.work.id for row in works}, {row.shelf.id for row in works}) if query else [],
        "error": error,
        "wrong": error.fields if isinstance(error, FormRefused) else {},
        "written": request.form,
    }
    return render_template("desk.html", **shown), error.status if error else 200


def _latest(jobs: list[models.Job]) -> list[models.Job]:
    """The newest job of each file: what became of it before is past."""
    return list({(job.corpus_id, job.source): job for job in jobs[::-1]}.values())[::-1]


def _search(query: str, own: set[str], shelves: set[str]) -> list[Hit]:
    """The best hits in one's own works, of all shelves together."""
    found = [hit for shelf in sorted(shelves) for hit in service().search(query, shelf, actor(), limit=20).hits]
    return sorted((hit for hit in found if hit.fragment.work_id in own), key=lambda hit: -hit.score)[:_MOST_HITS]


# Files on their way


@pages.post("/desk/jobs/<job_id>/cancel")
@needs("author")
def cancel_file(job_id: str) -> ResponseReturnValue:
    job = service().desk.cancel(actor(), job_id)
    flash(gettext("What stood on the shelf before is unchanged. %(name)s will not be read.", name=job.source))
    return redirect(url_for("pages.desk"), 303)


@pages.post("/desk/jobs/<job_id>/retry")
@needs("author")
def retry_file(job_id: str) -> ResponseReturnValue:
    job = service().desk.retry(actor(), job_id)
    flash(gettext("%(name)s is read again.", name=job.source))
    return redirect(url_for("pages.desk"), 303)


@pages.post("/desk/jobs/<job_id>/remove")
@needs("author")
def remove_file(job_id: str) -> ResponseReturnValue:
    service().desk.forget(actor(), job_id)
    flash(gettext("The file is removed from the desk. A work that stands on the shelf stays there."))
    return redirect(url_for("pages.desk"), 303)


# A work


@pages.get("/desk/works/<work_id>")
@needs("author")
def own_work(work_id: str) -> ResponseReturnValue:
    """The text with its fragments in place, and how stories leaned on each."""
    return _own_work(service().desk.work(actor(), work_id))


def _own_work(work: models.Work, error: FormRefused | None = None) -> ResponseReturnValue:
    version, uses = service().desk.uses(work)
    stories = service().library.uses.stories_of_version(version.id) if version else []
    fragments = service().library.fragments.of(version.id) if version else []
    shown = {
        "work": work,
        "version": version,
        "fragments": fragments,
        "uses": uses,
        "stories": stories,
        "paragraphs": passages(version.text, fragments) if version else [],
        "wrong": error.fields if error else {},
    }
    return render_template("own_work.html", **shown), error.status if error else 200


@pages.post("/desk/works/<work_id>")
@needs("author")
def describe_own_work(work_id: str) -> ResponseReturnValue:
    work = service().desk.work(actor(), work_id)
    said: dict[str, object] = {
        name: " ".join(request.form.get(name, "").split())[:limit]
        for name, limit in (("title", 300), ("author", 200), ("licence", 200))
    }
    if not said["title"]:
        wrong = {"title": worded("Please give the work a title.")}
        return _own_work(work, FormRefused("One thing needs a change.", wrong))
    said["quotable"] = "quotable" in request.form
    service().desk.describe(actor(), work_id, said)
    flash(gettext("What you say of the work is kept, and wins over what its file says."))
    return redirect(url_for("pages.own_work", work_id=work_id), 303)


@pages.get("/desk/works/<work_id>/withdraw")
@needs("author")
def ask_to_withdraw(work_id: str) -> ResponseReturnValue:
    """Says what withdrawing and removing will do, before either does it."""
    work = service().desk.work(actor(), work_id)
    row = next((row for row in service().desk.works(actor()) if row.work.id == work.id), None)
    return render_template("withdraw.html", work=work, row=row)


@pages.post("/desk/works/<work_id>/withdraw")
@needs("author")
def withdraw_work(work_id: str) -> ResponseReturnValue:
    work = service().desk.withdraw(actor(), work_id)
    said = worded("“%(title)s” is withdrawn. No search and no story finds it any more; you can put it back.")
    flash(gettext(said, title=work.title))
    return redirect(url_for("pages.own_work", work_id=work_id), 303)


@pages.post("/desk/works/<work_id>/restore")
@needs("author")
def restore_work(work_id: str) -> ResponseReturnValue:
    service().desk.restore(actor(), work_id)
    flash(gettext("The work is read again, and then stands on its shelf as before."))
    return redirect(url_for("pages.desk"), 303)


@pages.post("/desk/works/<work_id>/remove")
@needs("author")
def remove_work(work_id: str) -> ResponseReturnValue:
    title = service().desk.work(actor(), work_id).title
    service().desk.remove(actor(), work_id)
    said = worded("“%(title)s” is removed for good, with its text and its file. Stories keep what they told.")
    flash(gettext(said, title=title))
    return redirect(url_for("pages.desk"), 303)
