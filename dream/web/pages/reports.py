"""Telling the admins of a work or a story that should not be here."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.errors import FormRefused, NotFound
from dream.store import models
from dream.store.library.reports import Kind
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages
from dream.wording import worded

LONGEST = 1000


@pages.get("/works/<work_id>/report")
@needs("read")
def report_work(work_id: str) -> ResponseReturnValue:
    work, _ = service().work(work_id, actor())
    return _form(work.title, url_for("pages.work", work_id=work_id))


@pages.post("/works/<work_id>/report")
@needs("read")
def send_report(work_id: str) -> ResponseReturnValue:
    work, _ = service().work(work_id, actor())
    return _keep("work", work.id, work.title, url_for("pages.work", work_id=work_id))


@pages.get("/shared/<key>/report")
@needs("read")
def report_story(key: str) -> ResponseReturnValue:
    story = _shared(key)
    return _form(story.brief["premise"], url_for("pages.shared", key=key))


@pages.post("/shared/<key>/report")
@needs("read")
def send_story_report(key: str) -> ResponseReturnValue:
    story = _shared(key)
    return _keep("story", story.id, story.brief["premise"], url_for("pages.shared", key=key))


def _shared(key: str) -> models.Story:
    story = service().library.stories.shared(key)
    if story is None:
        raise NotFound("There is no story behind this link any more. Whoever shared it may have closed it.")
    return story


def _form(title: str, address: str, wrong: FormRefused | None = None) -> ResponseReturnValue:
    shown = {"title": title, "address": address, "wrong": wrong.fields if wrong else {}}
    return render_template(
        "report.html", **shown, written=request.form.get("words", "")
    ), wrong.status if wrong else 200


def _keep(kind: Kind, subject_id: str, title: str, address: str) -> ResponseReturnValue:
    words = " ".join(request.form.get("words", "").split())
    if not words or len(words) > LONGEST:
        sentence = worded("Please say in at most %(most)s characters what is wrong with it.", most=LONGEST)
        return _form(title, address, FormRefused.of("words", sentence))
    service().library.reports.add(kind, subject_id, words, actor().reader_id)
    flash(gettext("Thank you. Whoever looks after this service will read it."))
    return redirect(address, 303)
