"""An author's own shelves: made, renamed, opened and shared."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.errors import Conflict, DreamError, FormRefused
from dream.store import models
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages
from dream.wording import worded


@pages.get("/shelves")
@needs("author")
def shelves() -> ResponseReturnValue:
    return _shelves()


@pages.post("/shelves")
@needs("author")
def make_shelf() -> ResponseReturnValue:
    try:
        made = service().shelves.make(actor(), request.form.get("title", ""), public=_public())
    except (FormRefused, Conflict) as error:
        return _shelves(error)
    return redirect(url_for("pages.shelf", corpus_id=made.id), 303)


@pages.get("/shelves/<corpus_id>")
@needs("author")
def shelf(corpus_id: str) -> ResponseReturnValue:
    return _shelf(service().shelves.owned(actor(), corpus_id))


@pages.post("/shelves/<corpus_id>")
@needs("author")
def change_shelf(corpus_id: str) -> ResponseReturnValue:
    found = service().shelves.owned(actor(), corpus_id)
    try:
        service().shelves.change(found, title=request.form.get("title", ""), public=_public())
    except FormRefused as error:
        return _shelf(found, error)
    flash(gettext("The shelf is changed."))
    return redirect(url_for("pages.shelf", corpus_id=found.id), 303)


@pages.post("/shelves/<corpus_id>/shared")
@needs("author")
def share_shelf(corpus_id: str) -> ResponseReturnValue:
    found = service().shelves.owned(actor(), corpus_id)
    try:
        service().shelves.share(found, request.form.get("name", ""), may_add="may_add" in request.form)
    except FormRefused as error:
        return _shelf(found, error)
    flash(gettext("The shelf is shared with them."))
    return redirect(url_for("pages.shelf", corpus_id=found.id, _anchor="shared"), 303)


@pages.post("/shelves/<corpus_id>/shared/<account_id>/end")
@needs("author")
def unshare_shelf(corpus_id: str, account_id: str) -> ResponseReturnValue:
    found = service().shelves.owned(actor(), corpus_id)
    service().library.corpora.revoke(found.id, account_id)
    flash(gettext("The shelf is no longer shared with them. Stories they had told from it keep their text."))
    return redirect(url_for("pages.shelf", corpus_id=found.id, _anchor="shared"), 303)


@pages.post("/shelves/<corpus_id>/delete")
@needs("author")
def delete_shelf(corpus_id: str) -> ResponseReturnValue:
    found = service().shelves.owned(actor(), corpus_id)
    if request.form.get("title", "").strip() != found.title:
        wrong = worded("To delete the shelf with every work on it, please write its name as it stands above.")
        return _shelf(found, FormRefused.of("confirm", wrong))
    service().keeping.remove_shelf(found.id)
    flash(gettext("The shelf “%(title)s” is deleted. Stories that drew on it keep their text.", title=found.title))
    return redirect(url_for("pages.shelves"), 303)


def _public() -> bool:
    return request.form.get("visibility") == "public"


def _shelves(error: DreamError | None = None) -> ResponseReturnValue:
    own = actor().account_id
    every = service().library.corpora.shelves(actor())
    shown = {
        "own": [one for one in every if one.owner_id == own],
        "shared": [one for one in every if one.owner_id != own and not one.public],
        "error": error,
        "wrong": error.fields if isinstance(error, FormRefused) else {},
        "written": request.form,
    }
    return render_template("shelves.html", **shown), error.status if error else 200


def _shelf(corpus: models.Corpus, error: FormRefused | None = None) -> ResponseReturnValue:
    library = service().library
    shown = {
        "corpus": corpus,
        "works": library.works.kept(corpus_id=corpus.id),
        "shared": library.corpora.granted(corpus.id),
        "wrong": error.fields if error else {},
        "written": request.form,
    }
    return render_template("own_shelf.html", **shown), error.status if error else 200
