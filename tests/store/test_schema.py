"""The shape of the data: made, kept, and refused where this build cannot serve it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from dream.errors import SchemaRefused
from dream.store import schema
from dream.store.database import Database
from dream.store.models import Base


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "dream.sqlite3")
    yield database
    database.close()


def test_migrations_make_just_the_tables_that_the_models_describe(database: Database) -> None:
    assert schema.migrate(database)
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        described = {(column.name, bool(column.nullable)) for column in table.columns}
        assert {(column["name"], bool(column["nullable"])) for column in found.get_columns(table.name)} == described


def test_migrating_twice_changes_nothing(database: Database) -> None:
    schema.migrate(database)
    assert not schema.migrate(database)
    assert schema.version(database) == schema.SCHEMA


def test_data_of_a_newer_build_is_served_while_it_says_so(database: Database) -> None:
    schema.migrate(database)
    _pretend(database, version="9999", oldest_compatible=schema.SCHEMA)
    assert not schema.migrate(database)
    assert schema.version(database) == "9999"


def test_data_that_needs_a_newer_build_is_refused_and_left_alone(database: Database) -> None:
    schema.migrate(database)
    _pretend(database, version="9999", oldest_compatible="9998")
    with pytest.raises(SchemaRefused, match="9998 or newer"):
        schema.migrate(database)
    assert schema.version(database) == "9999"


def _pretend(database: Database, version: str, oldest_compatible: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        session.execute(text("UPDATE notes SET value = :v WHERE name = 'oldest_compatible'"), {"v": oldest_compatible})
