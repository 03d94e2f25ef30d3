"""Transactions: writers wait for each other instead of failing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from dream.errors import NoRoom
from dream.store import models, schema
from dream.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "dream.sqlite3")
    yield database
    database.close()


def test_writers_that_read_first_all_succeed(database: Database) -> None:
    schema.migrate(database)
    with database.write() as session:
        session.add(models.Note(name="count", value="0"))

    def add(_: int) -> None:
        for _ in range(25):
            with database.write() as session:
                note = session.get_one(models.Note, "count")
                note.value = str(int(note.value) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))  # raises what any of them met
    with database.read() as session:
        assert session.scalar(select(models.Note.value).where(models.Note.name == "count")) == "200"


def test_a_fault_names_no_readers_words(database: Database) -> None:
    with pytest.raises(OperationalError) as caught, database.read() as session:
        session.execute(text("SELECT :premise FROM nowhere"), {"premise": "a secret wish"})
    assert "a secret wish" not in str(caught.value)


def test_foreign_keys_are_kept_and_the_log_is_write_ahead(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_what_lasts_is_written_through_and_the_rest_is_not(database: Database) -> None:
    schema.migrate(database)
    seen = []
    for lasting in (False, True, True, False):
        with database.write(lasting=lasting) as session:
            seen.append(session.scalar(text("PRAGMA synchronous")))
        database.insert("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", ("word", "bell"))
        with database.read() as session:  # on the connection that was written on last
            seen.append(session.scalar(text("PRAGMA synchronous")))
    assert seen == [1, 1, 2, 1, 2, 1, 1, 1]


def test_a_single_statement_is_kept_and_finds_out_where_there_is_no_room(database: Database) -> None:
    schema.migrate(database)
    put = "INSERT INTO notes (name, value) VALUES (?, ?)"
    database.insert(put, ("first", "a bell"))
    with database.read() as session:
        session.execute(text("PRAGMA max_page_count = 1"))  # of this connection, which is taken again
    with pytest.raises(NoRoom):
        database.insert(put, ("second", "a long secret wish " * 1000))
    with pytest.raises(sqlite3.IntegrityError) as caught:
        database.insert(put, ("first", "a secret wish"))
    assert "a secret wish" not in str(caught.value)
    with database.read() as session:
        assert session.scalars(select(models.Note.value).where(models.Note.name.in_(("first", "second")))).all() == [
            "a bell"
        ]
