"""What `dream user` asks of a service; the same shape as dream.operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dream.accounts import names, passwords
from dream.accounts.gate import role_of
from dream.actor import SCOPES, Role
from dream.errors import NotFound
from dream.service import Service
from dream.store import models
from dream.wording import worded

Report = dict[str, Any]
FIRST_ADMIN = "admin"


def first_admin(service: Service) -> Iterator[Report]:
    """Makes an admin where there is none; a report with its password only then."""
    password = service.entrance.add_first_admin(FIRST_ADMIN)
    if password:
        yield {"name": FIRST_ADMIN, "password": password}


def user_add(service: Service, name: str, role: Role) -> Iterator[Report]:
    """A new account and its password, which is not to be had again."""
    password = passwords.made()
    account = service.entrance.add(name, password, role)
    yield {"name": account.name, "role": role, "password": password}


def user_list(service: Service) -> Iterator[Report]:
    for account in service.library.accounts.all():
        yield {
            "name": account.name,
            "role": account.role,
            "suspended": account.suspended_at is not None,
            "created_at": account.created_at,
        }


def user_role(service: Service, name: str, role: Role) -> Iterator[Report]:
    account = _named(service, name)
    service.library.accounts.set_role(account.id, role)
    yield {"name": account.name, "role": role}


def user_suspend(service: Service, name: str) -> Iterator[Report]:
    account = _named(service, name)
    service.library.accounts.suspend(account.id)
    yield {"name": account.name}


def user_restore(service: Service, name: str) -> Iterator[Report]:
    account = _named(service, name)
    service.library.accounts.restore(account.id)
    yield {"name": account.name}


def user_reset(service: Service, name: str) -> Iterator[Report]:
    """A new password; every sign-in of the account has ended."""
    account = _named(service, name)
    yield {"name": account.name, "password": service.entrance.reset(account)}


def user_token(service: Service, name: str, label: str, scopes: list[str]) -> Iterator[Report]:
    """A new token, which is not to be had again."""
    account = _named(service, name)
    token, secret = service.entrance.make_token(account, label, scopes or SCOPES[role_of(account)])
    yield {"name": account.name, "token": secret, "scopes": token.scopes}


OPERATIONS: dict[str, Callable[..., Iterator[Report]]] = {
    "first_admin": first_admin,
    "user_add": user_add,
    "user_list": user_list,
    "user_role": user_role,
    "user_suspend": user_suspend,
    "user_restore": user_restore,
    "user_reset": user_reset,
    "user_token": user_token,
}


def _named(service: Service, name: str) -> models.Account:
    account = service.library.accounts.named(names.folded(name))
    if account is None:
        raise NotFound(
            worded(
                "There is no account named %(name)s. `dream user list` names them all. Nothing was changed.", name=name
            )
        )
    return account
