"""Queries over attempts at a password. They stand in SQL, so that every process counts the same ones."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import delete, func, select

from dream.store import models
from dream.store.database import Database

WINDOW_SECONDS = 15 * 60


class Attempts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, limits: Mapping[str, int]) -> float | None:
        """Notes one attempt under every key, counted before the password is looked at; None where each key has had
        fewer than its limit, else in how many seconds the next is let through (and this one is not noted).
        """
        now = time.time()
        with self._database.write() as session:
            session.execute(delete(models.Attempt).where(models.Attempt.made_at < now - WINDOW_SECONDS))
            for key, limit in limits.items():
                made = select(func.count(), func.min(models.Attempt.made_at)).where(models.Attempt.key == key)
                count, first = session.execute(made).one()
                if count >= limit:
                    return max(1.0, float(first) + WINDOW_SECONDS - now)
            session.add_all(models.Attempt(key=key, made_at=now) for key in limits)
        return None

    def succeeded(self, by_name: str, by_address: str) -> None:
        """Forgets the attempts on an account, and the one at its address that turned out to be right: many people may
        share an address.
        """
        one = select(func.max(models.Attempt.id)).where(models.Attempt.key == by_address).scalar_subquery()
        with self._database.write() as session:
            session.execute(delete(models.Attempt).where(models.Attempt.id == one))
            session.execute(delete(models.Attempt).where(models.Attempt.key == by_name))
