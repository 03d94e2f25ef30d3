"""`dream user`: accounts from the command line."""

from __future__ import annotations

import json

from dream.service import Service
from tests.accounts.test_entrance import HERE
from tests.cli.test_commands import Run, run
from tests.conftest import OpenService

__all__ = ["run"]


def _signs_in(service: Service, name: str, password: str) -> bool:
    return bool(service.entrance.sign_in(name, password, HERE, ""))


def test_an_account_is_made_listed_changed_and_suspended(run: Run, open_service: OpenService) -> None:
    assert "no accounts yet" in run("user", "list").output
    password = run("user", "add", "Mara").output.split()[-1]
    assert "taken" in run("user", "add", "mara", status=1).output
    run("user", "role", "mara", "admin")
    token = run("user", "token", "mara", "--scope", "author").stdout.strip()
    [listed] = json.loads(run("user", "list", "--json").output)["users"]
    assert (listed["name"], listed["role"], listed["suspended"]) == ("mara", "admin", False)
    service = open_service()
    assert _signs_in(service, "mara", password)
    assert service.gate.with_token(token).scopes == {"author"}
    service.close()
    run("user", "suspend", "mara")
    assert "suspended" in run("user", "list").output
    run("user", "restore", "mara")
    changed = run("user", "reset", "mara").output.split()[-1]
    service = open_service()
    assert _signs_in(service, "mara", changed)
    assert service.library.tokens.of_account(service.library.accounts.all()[0].id) == []


def test_who_does_not_exist_is_named(run: Run) -> None:
    for command in (["suspend"], ["restore"], ["reset"], ["token"]):
        assert "no account named noor" in run("user", *command, "noor", status=1).output


def test_the_first_admin_is_made_once(service: Service) -> None:
    password = service.entrance.add_first_admin("admin")
    assert password
    assert _signs_in(service, "admin", password)
    assert service.entrance.add_first_admin("admin") is None
