"""Queries over the links that open an anonymous reader's library in another browser."""

from __future__ import annotations

import time

from sqlalchemy import delete, select, update

from dream.store import models
from dream.store.database import Database


class ReaderLinks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, reader_id: str, secret: str) -> models.ReaderLink:
        """A link of the reader's; the one they had before opens nothing any more."""
        link = models.ReaderLink(reader_id=reader_id, secret=secret, used_at=None)
        with self._database.write() as session:
            session.execute(delete(models.ReaderLink).where(models.ReaderLink.reader_id == reader_id))
            session.add(link)
        return link

    def of_reader(self, reader_id: str) -> models.ReaderLink | None:
        with self._database.read() as session:
            return session.scalar(select(models.ReaderLink).where(models.ReaderLink.reader_id == reader_id))

    def opened_by(self, secret: str) -> models.ReaderLink | None:
        with self._database.read() as session:
            return session.scalar(select(models.ReaderLink).where(models.ReaderLink.secret == secret))

    def use(self, link_id: str) -> None:
        with self._database.write() as session:
            session.execute(
                update(models.ReaderLink).where(models.ReaderLink.id == link_id).values(used_at=time.time())
            )

    def close(self, reader_id: str) -> None:
        with self._database.write() as session:
            session.execute(delete(models.ReaderLink).where(models.ReaderLink.reader_id == reader_id))
