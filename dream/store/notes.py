"""What the data says of itself, by name."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from dream.store import models
from dream.store.database import Database

EMBEDDING_MODEL = "embedding_model"
"""The model that every live work was read by; changed by `dream reindex --embedding-model` alone."""


class Notes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        with self._database.read() as session:
            note = session.get(models.Note, name)
            return note.value if note else None

    def put(self, name: str, value: str) -> None:
        with self._database.write() as session:
            session.merge(models.Note(name=name, value=value))


def noted_model(path: Path) -> str | None:
    """The embedding model that the database at `path` notes; None where it notes none or is not there."""
    if not path.exists():
        return None
    database = Database(path)
    try:
        with database.engine.connect() as connection:
            there = inspect(connection).has_table(models.Note.__tablename__)
        return Notes(database).get(EMBEDDING_MODEL) if there else None
    finally:
        database.close()
