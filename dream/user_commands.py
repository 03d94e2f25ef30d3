"""`dream user`: accounts, from the command line. Works alike whether a service runs on the data folder or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import click

from dream.actor import SCOPES, Scope
from dream.commands import run
from dream.settings import load_settings

ROLES = [role for role in SCOPES if role != "operator"]


@click.group()
def user() -> None:
    """Make and look after accounts. Passwords and tokens are shown once, when they are made."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="author", show_default=True, help="What they may do.")
def add(name: str, role: str) -> None:
    """Make an account: a NAME or an e-mail address."""
    made = _one("user_add", name=name, role=role)
    click.echo(f"{made['name']} may sign in as {_article(role)} with the password {made['password']}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(as_json: bool) -> None:
    """List every account with its role."""
    accounts = list(run(load_settings(), "user_list"))
    if as_json:
        click.echo(json.dumps({"users": accounts}, ensure_ascii=False))
        return
    for account in accounts:
        since = datetime.fromtimestamp(account["created_at"], UTC).date()
        suspended = "  suspended" if account["suspended"] else ""
        click.echo(f"{account['role']:7} {account['name']}  since {since}{suspended}")
    if not accounts:
        click.echo("There are no accounts yet. `dream user add NAME` makes one.")


@user.command()
@click.argument("name")
@click.argument("new_role", metavar="ROLE", type=click.Choice(ROLES))
def role(name: str, new_role: str) -> None:
    """Say what an account may do: reader, author or admin."""
    changed = _one("user_role", name=name, role=new_role)
    click.echo(f"{changed['name']} is {_article(new_role)} now.")


@user.command()
@click.argument("name")
def suspend(name: str) -> None:
    """End an account's sign-ins, tokens and running work at once; what it holds is kept."""
    click.echo(f"{_one('user_suspend', name=name)['name']} is suspended. `dream user restore` lets them in again.")


@user.command()
@click.argument("name")
def restore(name: str) -> None:
    """Let a suspended account sign in again."""
    click.echo(f"{_one('user_restore', name=name)['name']} may sign in again. Their tokens have to be made anew.")


@user.command()
@click.argument("name")
def reset(name: str) -> None:
    """Give an account a new password and sign it out everywhere."""
    made = _one("user_reset", name=name)
    click.echo(f"{made['name']} may sign in with the password {made['password']}")


@user.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(get_args(Scope)), help="What it may do; all by default."
)
@click.option("--for", "label", default="the command line", show_default=True, help="What will use it.")
def token(name: str, scopes: tuple[str, ...], label: str) -> None:
    """Make an API token for an account."""
    made = _one("user_token", name=name, label=label, scopes=list(scopes))
    click.echo(made["token"])
    click.echo(f"It may {', '.join(made['scopes'])} as {made['name']}, and is shown this once.", err=True)


def _one(operation: str, **arguments: Any) -> dict[str, Any]:
    [report] = run(load_settings(), operation, **arguments)
    return report


def _article(role: str) -> str:
    return f"{'a' if role == 'reader' else 'an'} {role}"
