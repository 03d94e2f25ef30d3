"""The entrance: registering, signing in, passwords and tokens. What it gives out is a secret, of which only the hash
is kept.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Collection

from dream.accounts import names, passwords
from dream.accounts.gate import TOKEN, digest, role_of
from dream.actor import SCOPES, Actor, Role, Scope
from dream.errors import Conflict, Forbidden, FormRefused, TooMany
from dream.settings import Settings
from dream.store import models
from dream.store.library import Library
from dream.wording import worded

TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS = 10, 50
"""Passwords tried without success in 15 minutes, after which further ones are not looked at."""

REGISTRATIONS_PER_ADDRESS = 10
"""New accounts from one address in 15 minutes."""

TOKENS = 50
"""API tokens that an account may have at once."""

LONGEST_TOKEN_NAME = 80

_WAIT_A_MINUTE = worded(
    "That was tried too often, so passwords are not looked at for a while. Please try again in a minute."
)
_WAIT = worded(
    "That was tried too often, so passwords are not looked at for a while. Please try again in %(minutes)s minutes."
)
_NOT_YOURS = worded("That is not your password. Please try again.")
_UNFIT = worded("That name and that password do not fit. Please try again.")


class Entrance:
    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings

    # Accounts

    def register(self, name: str, password: str, address: str) -> models.Account:
        """An account that somebody makes for themselves. Raises FormRefused, TooMany, and Forbidden where only the
        operator makes accounts.
        """
        role = self._settings.registration
        if role == "closed":
            raise Forbidden("Accounts are made by whoever runs this service. Please ask them for one.")
        if wait := self._library.attempts.make({_key("register", _network(address)): REGISTRATIONS_PER_ADDRESS}):
            raise TooMany("Many accounts came from where you are. Please try again in a few minutes.", round(wait))
        return self.add(name, password, role)

    def add(self, name: str, password: str, role: Role) -> models.Account:
        """A new account. Raises FormRefused."""
        name = names.check(name)
        passwords.check(password, name)
        account = self._library.accounts.add(name, passwords.hashed(password), role)
        if account is None:
            raise FormRefused.of("name", "That name is taken already. Please choose another, or sign in with it.")
        return account

    def add_first_admin(self, name: str) -> str | None:
        """Makes an admin where there is none yet; the password, or None where there is one."""
        if self._library.accounts.has_admin():
            return None
        password = passwords.made()
        self.add(name, password, "admin")
        return password

    def reset(self, account: models.Account) -> str:
        """A new password for an account; it is signed out everywhere."""
        password = passwords.made()
        self._library.accounts.set_password(account.id, passwords.hashed(password))
        return password

    # Signing in

    def sign_in(self, name: str, password: str, address: str, agent: str) -> tuple[models.Account, str]:
        """The account, and the secret for its cookie. Raises FormRefused, TooMany, and Forbidden where it is
        suspended.
        """
        account = self._proved(names.folded(name), password, address)
        if account.suspended_at is not None:
            raise Forbidden(
                "What this account holds is kept. It is suspended; please write to whoever runs this service."
            )
        return account, self.begin(account, agent)

    def begin(self, account: models.Account, agent: str) -> str:
        """Signs an account in without asking for its password; the secret for its cookie."""
        secret = secrets.token_urlsafe(32)
        self._library.sign_ins.begin(account.id, digest(secret), agent[:300])
        return secret

    def change_password(self, actor: Actor, old: str, new: str, address: str, keep: str) -> None:
        """Changes the password and signs out everywhere but the browser whose cookie holds the secret `keep`.

        Raises FormRefused and TooMany.
        """
        passwords.check(new, actor.name)
        account = self._proved(actor.name, old, address, field="old")
        here = self._library.sign_ins.account(digest(keep))
        self._library.accounts.set_password(account.id, passwords.hashed(new), keep=here[0].id if here else None)

    def prove(self, actor: Actor, password: str, address: str) -> None:
        """Asks for the password once more, before what cannot be undone. Raises FormRefused and TooMany."""
        self._proved(actor.name, password, address)

    def _proved(self, name: str, password: str, address: str, field: str = "password") -> models.Account:
        by_name, by_address = _key("name", name), _key("address", _network(address))
        if wait := self._library.attempts.make({by_name: TRIES_PER_ACCOUNT, by_address: TRIES_PER_ADDRESS}):
            minutes = max(1, round(wait / 60))
            raise TooMany(worded(_WAIT_A_MINUTE if minutes == 1 else _WAIT, minutes=minutes), round(wait))
        account = self._library.accounts.named(name)
        if not passwords.fits(password[: passwords.LONGEST], account.password if account else None) or not account:
            sentence = _NOT_YOURS if field == "old" else _UNFIT
            raise FormRefused.of(field, sentence)
        self._library.attempts.succeeded(by_name, by_address)
        return account

    # Tokens

    def make_token(self, account: models.Account, name: str, scopes: Collection[str]) -> tuple[models.ApiToken, str]:
        """A token and its secret, which is not to be had again. Raises FormRefused and Conflict."""
        allowed: frozenset[Scope] = SCOPES[role_of(account)]
        if not scopes or not set(scopes) <= allowed:
            raise FormRefused.of("scopes", _choose(allowed))
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_TOKEN_NAME:
            raise FormRefused.of("name", "Please name the key by what will use it, in at most 80 characters.")
        if len(self._library.tokens.of_account(account.id)) >= TOKENS:
            raise Conflict(
                worded("An account has at most %(most)s keys. Revoke one that is no longer used first.", most=TOKENS)
            )
        secret = TOKEN + secrets.token_urlsafe(32)
        return self._library.tokens.add(account.id, digest(secret), name, sorted(scopes)), secret


def _choose(allowed: Collection[Scope]) -> str:
    return worded("Please choose what the key may do: %(allowed)s.", allowed=", ".join(sorted(allowed)))


def _key(kind: str, value: str) -> str:
    """What attempts are counted under: addresses and names are not kept in the clear."""
    return digest(f"{kind}:{value}")


def _network(address: str) -> str:
    """What one person has of addresses: an IPv4 address, or an IPv6 network, which holds more than can be counted."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
