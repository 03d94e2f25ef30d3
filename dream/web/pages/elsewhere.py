"""An anonymous reader's private link: it opens their stories in another browser."""

from __future__ import annotations

import secrets

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dream.accounts.gate import digest
from dream.errors import Conflict, NotFound
from dream.store import models
from dream.web.access import needs
from dream.web.auth import actor, become, known_reader, reader_id
from dream.web.current import service
from dream.web.pages import pages
from dream.web.pages.library import shelf_of_stories

_QUIET = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@pages.post("/stories/link")
@needs("tell")
def make_link() -> ResponseReturnValue:
    """Makes the link and shows it, once; with `closed` the one there is opens nothing any more."""
    if actor().account_id:
        raise Conflict("Your stories are those of your account: sign in elsewhere, and they are there.")
    if request.form.get("closed"):
        service().library.reader_links.close(reader_id())
        return redirect(url_for("pages.library", _anchor="elsewhere"), 303)
    secret = secrets.token_urlsafe(32)
    service().library.reader_links.make(reader_id(), digest(secret))
    return shelf_of_stories(link=url_for("pages.elsewhere", key=secret, _external=True)), 200, _QUIET


@pages.get("/elsewhere/<key>")
@needs(None)
def elsewhere(key: str) -> ResponseReturnValue:
    """Says what opening the link does; a link that is only looked at changes nothing."""
    link, here = _link(key), known_reader()
    ours = len(service().library.stories.kept(here)) if here and here != link.reader_id else 0
    theirs = len(service().library.stories.kept(link.reader_id))
    page = render_template(
        "elsewhere.html", key=key, ours=ours, theirs=theirs, same=here == link.reader_id,
        signed_in=bool(actor().account_id),
    )  # fmt: skip
    return page, 200, _QUIET


@pages.post("/elsewhere/<key>")
@needs(None)
def open_elsewhere(key: str) -> ResponseReturnValue:
    """Makes this browser the link's reader; its own stories come along where it says so."""
    link, here = _link(key), known_reader()
    if actor().account_id:
        raise Conflict("You are signed in here. Sign out first, and then open the link.")
    if here and here != link.reader_id and request.form.get("along"):
        service().library.stories.adopt(here, link.reader_id)
    service().library.reader_links.use(link.id)
    become(link.reader_id)
    return redirect(url_for("pages.library"), 303)


def _link(key: str) -> models.ReaderLink:
    link = service().library.reader_links.opened_by(digest(key))
    if link is None:
        raise NotFound("Nothing is behind this link any more. Whoever made it may have closed it, or made another.")
    return link
