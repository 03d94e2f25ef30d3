"""Queries over accounts."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from dream.store import models
from dream.store.database import Database
from dream.store.library.jobs import cancel_all
from dream.store.library.removal import remove
from dream.store.library.scenes import LIVE


class Accounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, password: str, role: str) -> models.Account | None:
        """A new account with a reader of its own; None where the name is taken. `password` is a hash."""
        with self._database.write() as session:
            if session.scalar(select(models.Account.id).where(models.Account.name == name)):
                return None
            reader = models.Reader()
            session.add(reader)
            session.flush()
            account = models.Account(name=name, password=password, role=role, reader_id=reader.id, suspended_at=None)
            session.add(account)
            session.flush()
            return account

    def account(self, account_id: str) -> models.Account | None:
        with self._database.read() as session:
            return session.get(models.Account, account_id)

    def named(self, name: str) -> models.Account | None:
        with self._database.read() as session:
            return session.scalar(select(models.Account).where(models.Account.name == name))

    def all(self) -> list[models.Account]:
        """Every account, by name."""
        with self._database.read() as session:
            return list(session.scalars(select(models.Account).order_by(models.Account.name)))

    def has_admin(self) -> bool:
        with self._database.read() as session:
            return session.scalar(select(models.Account.id).where(models.Account.role == "admin").limit(1)) is not None

    def is_active(self, account_id: str) -> bool:
        """Whether an account exists and is not suspended: what runs for it ends as soon as this is no longer so."""
        query = select(models.Account.id).where(models.Account.id == account_id, models.Account.suspended_at.is_(None))
        with self._database.read() as session:
            return session.scalar(query) is not None

    def set_role(self, account_id: str, role: str) -> None:
        with self._database.write() as session:
            session.execute(update(models.Account).where(models.Account.id == account_id).values(role=role))

    def set_password(self, account_id: str, password: str, *, keep: str | None = None) -> None:
        """Changes the password (a hash) and ends every sign-in but the one named by `keep`."""
        with self._database.write() as session:
            session.execute(update(models.Account).where(models.Account.id == account_id).values(password=password))
            others = delete(models.SignIn).where(models.SignIn.account_id == account_id)
            session.execute(others.where(models.SignIn.id != keep) if keep else others)

    def suspend(self, account_id: str) -> None:
        """Ends an account's sign-ins, tokens, jobs and tellings in one transaction; nothing more begins for it."""
        with self._database.write() as session:
            suspended = update(models.Account).where(models.Account.id == account_id)
            session.execute(suspended.values(suspended_at=time.time()))
            _end_all(session, account_id)

    def restore(self, account_id: str) -> None:
        """Lets a suspended account sign in again."""
        with self._database.write() as session:
            restored = update(models.Account).where(models.Account.id == account_id)
            session.execute(restored.values(suspended_at=None))

    def being_told(self, account_id: str) -> list[str]:
        """The scenes that are being told for an account."""
        with self._database.read() as session:
            return list(session.scalars(select(models.Scene.id).where(*_live_scenes(account_id))))

    def remove(self, account_id: str) -> None:
        """Deletes an account with its reader, stories, sign-ins, tokens and jobs. Its shelves have to be gone, and
        nothing be told for it.
        """
        with self._database.write() as session:
            reader = session.get_one(models.Account, account_id).reader_id
            session.execute(delete(models.Job).where(models.Job.owner == account_id))
            remove(session, models.Account.metadata.tables["accounts"], models.Account.id == account_id)
            remove(session, models.Reader.metadata.tables["readers"], models.Reader.id == reader)


def _end_all(session: Session, account_id: str) -> None:
    for table in (models.SignIn, models.ApiToken):
        session.execute(delete(table).where(table.account_id == account_id))
    cancel_all(session, account_id)
    session.execute(update(models.Scene).where(*_live_scenes(account_id)).values(stop_asked=True))


def _live_scenes(account_id: str) -> tuple[ColumnElement[bool], ...]:
    reader = select(models.Account.reader_id).where(models.Account.id == account_id).scalar_subquery()
    stories = select(models.Story.id).where(models.Story.reader_id == reader)
    return models.Scene.story_id.in_(stories), models.Scene.state.in_(LIVE)
