"""Transactions: writers wait for each other instead of failing."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import select, text

from dream.store import models, schema
from dream.store.database import Database


def test_writers_that_read_first_all_succeed(tmp_path: Path) -> None:
    database = Database(tmp_path / "dream.sqlite3")
    schema.migrate(database)
    with database.write() as session:
        session.add(models.Note(name="count", value="0"))
    failures: list[Exception] = []

    def add() -> None:
        try:
            for _ in range(25):
                with database.write() as session:
                    note = session.get_one(models.Note, "count")
                    note.value = str(int(note.value) + 1)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failures
    with database.read() as session:
        assert session.scalar(select(models.Note.value).where(models.Note.name == "count")) == "200"


def test_foreign_keys_are_kept_and_the_log_is_write_ahead(tmp_path: Path) -> None:
    database = Database(tmp_path / "dream.sqlite3")
    with database.read() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
