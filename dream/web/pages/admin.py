"""What an admin looks after: accounts and reports."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dream.accounts import passwords
from dream.errors import Conflict, DreamError, FormRefused, NotFound
from dream.store import models
from dream.store.library.reports import Kind
from dream.web.access import needs
from dream.web.auth import actor
from dream.web.current import service
from dream.web.pages import pages

ROLES = ("reader", "author", "admin")


@pages.get("/admin")
@needs("admin")
def admin() -> ResponseReturnValue:
    return _admin()


@pages.post("/admin/accounts")
@needs("admin")
def add_account() -> ResponseReturnValue:
    """Makes an account, whose password is shown once."""
    password, role = passwords.made(), request.form.get("role", "")
    try:
        made = service().entrance.add(request.form.get("name", ""), password, _role(role))
    except FormRefused as error:
        return _admin(error)
    return _admin(made=(made.name, password))


@pages.post("/admin/accounts/<account_id>/role")
@needs("admin")
def set_role(account_id: str) -> ResponseReturnValue:
    account, role = _account(account_id), _role(request.form.get("role", ""))
    service().library.accounts.set_role(account.id, role)
    return _done(f"{account.name} is {'a' if role == 'reader' else 'an'} {role} now.")


@pages.post("/admin/accounts/<account_id>/suspend")
@needs("admin")
def suspend(account_id: str) -> ResponseReturnValue:
    account = _account(account_id)
    service().library.accounts.suspend(account.id)
    return _done(f"{account.name} is suspended: signed out everywhere, tokens revoked, running work ended.")


@pages.post("/admin/accounts/<account_id>/restore")
@needs("admin")
def restore(account_id: str) -> ResponseReturnValue:
    account = _account(account_id)
    service().library.accounts.restore(account.id)
    return _done(f"{account.name} may sign in again.")


@pages.post("/admin/accounts/<account_id>/reset")
@needs("admin")
def reset(account_id: str) -> ResponseReturnValue:
    account = _account(account_id)
    return _admin(made=(account.name, service().entrance.reset(account)))


@pages.post("/admin/reports/<report_id>/keep")
@needs("admin")
def keep_reported(report_id: str) -> ResponseReturnValue:
    report = _report(report_id)
    service().library.reports.settle(_kind(report.kind), report.subject_id, "kept")
    return _done(gettext("It stays. Its reports are settled."))


@pages.post("/admin/reports/<report_id>/take-down")
@needs("admin")
def take_down_reported(report_id: str) -> ResponseReturnValue:
    report = _report(report_id)
    return _take_down(_kind(report.kind), report.subject_id)


@pages.post("/admin/<kind>/<subject_id>/take-down")
@needs("admin")
def take_down(kind: str, subject_id: str) -> ResponseReturnValue:
    return _take_down(_kind(kind), subject_id)


@pages.post("/admin/<kind>/<subject_id>/allow")
@needs("admin")
def allow(kind: str, subject_id: str) -> ResponseReturnValue:
    if not service().library.reports.allow(_kind(kind), subject_id):
        raise NotFound("There is nothing of that kind that was taken down.")
    return _done(gettext("It may be shown again: its author can bring it back."))


def _take_down(kind: Kind, subject_id: str) -> ResponseReturnValue:
    if not service().library.reports.take_down(kind, subject_id):
        raise NotFound("There is nothing to take down: it is gone already.")
    if kind == "work":
        return _done(gettext("Its text is kept, for its author alone. No search and no story finds it from now on."))
    return _done(gettext("Its text is kept, for its author alone. The story is not shared any more."))


def _admin(error: DreamError | None = None, made: tuple[str, str] | None = None) -> ResponseReturnValue:
    library = service().library
    shown: dict[str, Any] = {
        "accounts": library.accounts.all(),
        "roles": ROLES,
        "own": actor().account_id,
        "reports": library.reports.waiting(),
        "taken_down": library.reports.taken_down(),
        "made": made,
        "error": error,
        "wrong": error.fields if isinstance(error, FormRefused) else {},
        "written": request.form,
    }
    return render_template("admin.html", **shown), error.status if error else 200, {"Cache-Control": "no-store"}


def _done(said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("pages.admin"), 303)


def _account(account_id: str) -> models.Account:
    """Another's account: admins change their own on its page, so that none shuts the last admin out by mistake."""
    account = service().library.accounts.account(account_id)
    if account is None:
        raise NotFound("There is no such account. Nothing was changed.")
    if account.id == actor().account_id:
        raise Conflict("This is your own account. Another admin, or `dream user`, can change what it may do.")
    return account


def _report(report_id: str) -> models.Report:
    report = service().library.reports.report(report_id)
    if report is None:
        raise NotFound("There is no such report. Nothing was changed.")
    return report


def _role(role: str) -> Any:
    if role not in ROLES:
        raise FormRefused.of("role", "Please choose what they may do: reader, author or admin.")
    return role


def _kind(kind: str) -> Kind:
    if kind not in ("work", "story"):
        raise NotFound("There is nothing at this address.")
    return "work" if kind == "work" else "story"
