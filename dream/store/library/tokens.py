"""Queries over API tokens."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from dream.store import models
from dream.store.database import Database

NOTED_SECONDS = 60
"""How exactly it is known when a token was last used: not every request is worth a write."""


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: str, secret: str, name: str, scopes: Sequence[str]) -> models.ApiToken:
        """A new token, known by the hash of its secret."""
        with self._database.write() as session:
            token = models.ApiToken(account_id=account_id, secret=secret, name=name, scopes=list(scopes), used_at=None)
            session.add(token)
            session.flush()
            return token

    def account(self, secret: str) -> tuple[models.ApiToken, models.Account] | None:
        """The token of a secret's hash and its account, where that is not suspended."""
        query = (
            select(models.ApiToken, models.Account)
            .join(models.Account, models.Account.id == models.ApiToken.account_id)
            .where(models.ApiToken.secret == secret, models.Account.suspended_at.is_(None))
        )
        with self._database.read() as session:
            row = session.execute(query).first()
        if row is None:
            return None
        if (row[0].used_at or 0) < time.time() - NOTED_SECONDS:
            with self._database.write() as session:
                used = update(models.ApiToken).where(models.ApiToken.id == row[0].id)
                session.execute(used.values(used_at=time.time()))
        return row[0], row[1]

    def of_account(self, account_id: str) -> list[models.ApiToken]:
        """The tokens of an account, newest first."""
        query = select(models.ApiToken).where(models.ApiToken.account_id == account_id)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.ApiToken.created_at.desc())))

    def revoke(self, account_id: str, token_id: str) -> bool:
        """Ends one token of an account; False where it has none of that id."""
        mine = (models.ApiToken.id == token_id, models.ApiToken.account_id == account_id)
        with self._database.write() as session:
            return session.scalar(delete(models.ApiToken).where(*mine).returning(models.ApiToken.id)) is not None
