"""Queries over sign-ins. They stand in SQL, not in the cookie, so that they can be ended from here."""

from __future__ import annotations

import time

from sqlalchemy import delete, select, update

from dream.store import models
from dream.store.database import Database

LAPSE_SECONDS = 60 * 24 * 3600
"""A sign-in that nobody used for so long has ended."""

NOTED_SECONDS = 300
"""How exactly it is known when a sign-in was last used: not every page is worth a write."""


class SignIns:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, account_id: str, secret: str, agent: str) -> models.SignIn:
        """Signs an account in; what lapsed long ago is forgotten on the way."""
        with self._database.write() as session:
            session.execute(delete(models.SignIn).where(models.SignIn.seen_at < time.time() - LAPSE_SECONDS))
            sign_in = models.SignIn(account_id=account_id, secret=secret, agent=agent)
            session.add(sign_in)
            session.flush()
            return sign_in

    def account(self, secret: str) -> tuple[models.SignIn, models.Account] | None:
        """The sign-in of a secret's hash and its account, while the one has not lapsed and the other is not
        suspended.
        """
        query = (
            select(models.SignIn, models.Account)
            .join(models.Account, models.Account.id == models.SignIn.account_id)
            .where(
                models.SignIn.secret == secret,
                models.SignIn.seen_at >= time.time() - LAPSE_SECONDS,
                models.Account.suspended_at.is_(None),
            )
        )
        with self._database.read() as session:
            row = session.execute(query).first()
        if row is None:
            return None
        if row[0].seen_at < time.time() - NOTED_SECONDS:
            with self._database.write() as session:
                seen = update(models.SignIn).where(models.SignIn.id == row[0].id)
                session.execute(seen.values(seen_at=time.time()))
        return row[0], row[1]

    def of_account(self, account_id: str) -> list[models.SignIn]:
        """Where an account is signed in, the latest used first."""
        query = select(models.SignIn).where(models.SignIn.account_id == account_id)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(models.SignIn.seen_at.desc())))

    def end(self, account_id: str, sign_in_id: str) -> bool:
        """Ends one sign-in of an account; False where it has none of that id."""
        mine = (models.SignIn.id == sign_in_id, models.SignIn.account_id == account_id)
        with self._database.write() as session:
            return session.scalar(delete(models.SignIn).where(*mine).returning(models.SignIn.id)) is not None
