"""Who calls: the account behind an API token, and nobody else."""

from __future__ import annotations

from dream.actor import Actor
from dream.errors import SignInNeeded
from dream.web.auth import actor


def caller() -> Actor:
    """Raises SignInNeeded for a reader without an account."""
    found = actor()
    if found.account_id is None:
        raise SignInNeeded("This needs an API token of an account, sent as `Authorization: Bearer dream_...`.")
    return found
