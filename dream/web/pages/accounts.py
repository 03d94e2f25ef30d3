"""Signing in and out, registering, and an account's own page: its password, tokens, sign-ins and data."""

from __future__ import annotations

import tempfile
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from dream.actor import SCOPES
from dream.errors import DreamError, Forbidden, FormRefused, NotFound, SignInNeeded, TooMany
from dream.store import models
from dream.web.access import needs
from dream.web.auth import actor, address, browser_reader, enter, leave, sign_in_secret
from dream.web.current import service
from dream.web.pages import pages

# Others name these as well, so the order counts.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "a Mac"),
    ("Linux", "Linux"),
)  # fmt: skip

LARGE = 2**20
"""A zip of more bytes than this waits on disk while it is made."""


@pages.app_template_global()
def role_names() -> dict[str, str]:
    """What each role is called."""
    return {"reader": gettext("reader"), "author": gettext("author"), "admin": gettext("admin")}


@pages.app_template_filter()
def browser(agent: str) -> str:
    """A browser by name and system, as far as its own words tell."""
    name = next((shown for sign, shown in _BROWSERS if sign in agent), gettext("Another program"))
    system = next((shown for sign, shown in _SYSTEMS if sign in agent), "")
    return gettext("%(browser)s on %(system)s", browser=name, system=system) if system else name


@pages.get("/sign-in")
@needs(None)
def sign_in() -> ResponseReturnValue:
    return _entrance("sign_in.html")


@pages.post("/sign-in")
@needs(None)
def sign_in_now() -> ResponseReturnValue:
    try:
        account, secret = service().entrance.sign_in(*_credentials(), address(), _agent())
    except (FormRefused, TooMany, Forbidden) as error:
        return _entrance("sign_in.html", error)
    return _entered(account, secret)


@pages.get("/register")
@needs(None)
def register() -> ResponseReturnValue:
    return _entrance("register.html")


@pages.post("/register")
@needs(None)
def register_now() -> ResponseReturnValue:
    try:
        account = service().entrance.register(*_credentials(), address())
    except (FormRefused, TooMany, Forbidden) as error:
        return _entrance("register.html", error)
    return _entered(account, service().entrance.begin(account, _agent()))


@pages.post("/sign-out")
@needs(None)
def sign_out() -> ResponseReturnValue:
    here, signed_in = _here(), actor()
    if here and signed_in.account_id:
        service().library.sign_ins.end(signed_in.account_id, here.id)
    leave()
    return redirect(url_for("pages.home"), 303)


@pages.get("/account")
@needs("read")
def account() -> ResponseReturnValue:
    return _account()


@pages.post("/account/password")
@needs("read")
def change_password() -> ResponseReturnValue:
    _own()
    old, new = request.form.get("old", ""), request.form.get("password", "")
    try:
        service().entrance.change_password(actor(), old, new, address(), sign_in_secret())
    except (FormRefused, TooMany) as error:
        return _account(error, at="password")
    flash(gettext("Your password is changed. Wherever else you were signed in, you no longer are."))
    return redirect(url_for("pages.account"), 303)


@pages.post("/account/tokens")
@needs("read")
def make_token() -> ResponseReturnValue:
    try:
        token, secret = service().entrance.make_token(
            _own(), request.form.get("name", ""), request.form.getlist("scopes")
        )
    except DreamError as error:
        if isinstance(error, SignInNeeded):
            raise
        return _account(error, at="tokens")
    return _account(made=(token.name, secret))


@pages.post("/account/tokens/<token_id>/revoke")
@needs("read")
def revoke_token(token_id: str) -> ResponseReturnValue:
    if not service().library.tokens.revoke(_own().id, token_id):
        raise NotFound("There is no such key of yours. It may have been revoked already.")
    flash(gettext("The key is revoked: it opens nothing any more."))
    return redirect(url_for("pages.account", _anchor="tokens"), 303)


@pages.post("/account/sign-ins/<sign_in_id>/end")
@needs("read")
def end_sign_in(sign_in_id: str) -> ResponseReturnValue:
    if not service().library.sign_ins.end(_own().id, sign_in_id):
        raise NotFound("You are not signed in there any more.")
    flash(gettext("That browser is signed out."))
    return redirect(url_for("pages.account", _anchor="sign-ins"), 303)


@pages.get("/account/data")
@needs("read")
def take_out() -> ResponseReturnValue:
    """All that the account keeps, as one zip."""
    own = _own()
    file = tempfile.SpooledTemporaryFile(LARGE)  # noqa: SIM115 - closed with the response
    service().keeping.write(own, file)
    file.seek(0)
    response = send_file(file, "application/zip", as_attachment=True, download_name="dream.zip", max_age=0)
    response.call_on_close(file.close)
    return response


@pages.get("/account/delete")
@needs("read")
def leaving() -> ResponseReturnValue:
    """What deleting an account will do, before it is done."""
    return _leaving()


@pages.post("/account/delete")
@needs("read")
def delete_account() -> ResponseReturnValue:
    found = _own()
    try:
        service().entrance.prove(actor(), request.form.get("password", ""), address())
    except (FormRefused, TooMany) as error:
        return _leaving(error)
    service().keeping.remove_account(found)
    leave()
    flash(gettext("Your account and all that it kept are deleted."))
    return redirect(url_for("pages.home"), 303)


def _own() -> models.Account:
    """The account whose page this is. Raises SignInNeeded for who has none, and for a token: what an account is, only
    its password may change.
    """
    found = service().library.accounts.account(actor().account_id or "")
    if found is None or not sign_in_secret():
        raise SignInNeeded("Please sign in first. Nothing was changed.")
    return found


def _credentials() -> tuple[str, str]:
    return request.form.get("name", ""), request.form.get("password", "")


def _agent() -> str:
    return request.headers.get("User-Agent", "")


def _here() -> models.SignIn | None:
    return service().gate.sign_in(sign_in_secret())


def _entrance(template: str, error: DreamError | None = None) -> ResponseReturnValue:
    stories = service().library.stories.of_reader(reader, limit=100) if (reader := browser_reader()) else []
    shown = {
        "error": error,
        "wrong": error.fields if isinstance(error, FormRefused) else {},
        "name": request.form.get("name", ""),
        "next": _next(),
        "stories": len(stories),
        "open": service().settings.registration != "closed",
    }
    return _page(template, error, shown)


def _entered(account: models.Account, secret: str) -> ResponseReturnValue:
    reader = browser_reader()
    enter(secret)
    if reader and "keep" in request.form:
        kept = service().library.stories.adopt(reader, account.reader_id)
        if kept:
            said = ngettext(
                "You are signed in, and one story more is in your library now.",
                "You are signed in, and %(num)s stories more are in your library now.",
                kept,
            )
            flash(said)
    return redirect(_next() or url_for("pages.home"), 303)


def _next() -> str:
    """Where to go on after signing in: a path of ours, and never another site's."""
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and wanted[1:2] not in ("/", "\\") and not parts.scheme and not parts.netloc
    return wanted if ours and wanted.isprintable() else ""


def _account(error: DreamError | None = None, at: str = "", made: tuple[str, str] | None = None) -> ResponseReturnValue:
    own, here, library = _own(), _here(), service().library
    shown = {
        "account": own,
        "error": error,
        "at": at,
        "wrong": error.fields if isinstance(error, FormRefused) else {},
        "made": made,
        "scopes": [scope for scope in ("read", "tell", "author", "admin") if scope in SCOPES[actor().role]],
        "tokens": library.tokens.of_account(own.id),
        "sign_ins": library.sign_ins.of_account(own.id),
        "here": here.id if here else "",
    }
    return _page("account.html", error, shown)


def _leaving(error: DreamError | None = None) -> ResponseReturnValue:
    own, library = _own(), service().library
    shelves = library.corpora.owned(own.id)
    shown = {
        "account": own,
        "error": error,
        "stories": len(library.stories.of_reader(own.reader_id, limit=100_000)),
        "shelves": shelves,
        "works": sum(len(library.works.kept(corpus_id=shelf.id)) for shelf in shelves)
        + len(library.works.kept(added_by=own.id)),
    }
    return _page("delete_account.html", error, shown)


def _page(template: str, error: DreamError | None, shown: dict[str, Any]) -> ResponseReturnValue:
    response = Response(render_template(template, **shown), status=error.status if error else 200)
    response.headers["Cache-Control"] = "no-store"  # what stands on these pages is nobody else's, ever
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.wait_seconds)
    return response
