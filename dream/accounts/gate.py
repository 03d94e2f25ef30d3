"""The gate: it finds who acts, from what they show, and refuses what they may not do. Every path passes it."""

from __future__ import annotations

import hashlib

from dream.actor import SCOPES, Actor, Role, Scope
from dream.errors import Forbidden, SignInNeeded
from dream.store import models
from dream.store.library import Library
from dream.wording import worded

TOKEN = "dream_"  # noqa: S105 - what every token begins with, so that a leaked one is known for what it is


class Gate:
    """Asks SQL each time, so that what was suspended or revoked a moment ago is refused now."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def signed_in(self, secret: str) -> Actor | None:
        """Who is signed in with a cookie's secret; None where that sign-in has ended."""
        found = self._library.sign_ins.account(digest(secret))
        return _actor(found[1]) if found else None

    def sign_in(self, secret: str) -> models.SignIn | None:
        """The sign-in of a cookie's secret."""
        found = self._library.sign_ins.account(digest(secret)) if secret else None
        return found[0] if found else None

    def with_token(self, secret: str) -> Actor:
        """Who acts with an API token: its account, within the token's scopes. Raises SignInNeeded."""
        found = self._library.tokens.account(digest(secret))
        if found is None:
            raise SignInNeeded("That token is not one of ours, or it was revoked. Nothing was changed.")
        token, account = found
        return _actor(account, frozenset(token.scopes))

    def of_account(self, account_id: str) -> Actor | None:
        """Who an account acts as in what runs for it without a request; None where it is suspended or gone."""
        account = self._library.accounts.account(account_id)
        return _actor(account) if account and account.suspended_at is None else None

    def permit(self, actor: Actor, scope: Scope) -> None:
        """Raises SignInNeeded where an account could, Forbidden where this one cannot."""
        if actor.may(scope):
            return
        if actor.account_id is None:
            raise SignInNeeded("Please sign in first: this needs an account. Nothing was changed.")
        if scope in SCOPES[actor.role]:
            raise Forbidden(
                worded(
                    "This token may not do that: it was made without the scope %(scope)s. Nothing was changed.",
                    scope=scope,
                )
            )
        raise Forbidden(_MISSING[scope])


def digest(secret: str) -> str:
    """What is stored of a secret from 256 random bits: no salt, no stretching, since nobody can guess it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def role_of(account: models.Account) -> Role:
    return "admin" if account.role == "admin" else "author" if account.role == "author" else "reader"


def _actor(account: models.Account, within: frozenset[str] | None = None) -> Actor:
    role = role_of(account)
    scopes = SCOPES[role] if within is None else SCOPES[role] & within
    return Actor(account.reader_id, account.id, account.name, role, frozenset(scopes))


_MISSING: dict[Scope, str] = {
    "author": worded("This needs the account of an author. Nothing was changed."),
    "admin": worded("This needs the account of an admin. Nothing was changed."),
}
