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
from tests.conftest import OpenService


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


FILLED = """
INSERT INTO corpora (id, name, created_at) VALUES ('c', 'starter', 1);
INSERT INTO works (id, corpus_id, source, title, author, language, licence, summary, tags, quotable, live_version_id,
  created_at) VALUES ('w', 'c', 'lamp.txt', 'The Lamp', 'A', 'en', 'CC0-1.0', '', '[]', 1, 'v', 1);
INSERT INTO versions (id, work_id, number, sha256, text, embedding, created_at)
  VALUES ('v', 'w', 1, 'x', 'The lamp at Cold Point went out.', 'some/model', 1);
INSERT INTO sections (version_id, position, heading, "start", "end") VALUES ('v', 0, '', 0, 32);
INSERT INTO fragments (id, version_id, position, heading, "start", "end", text)
  VALUES ('w.1.0', 'v', 0, '', 0, 32, 'The lamp at Cold Point went out.');
INSERT INTO readers (id, created_at) VALUES ('r', 1);
INSERT INTO stories (id, reader_id, corpus_id, brief, created_at) VALUES ('s', 'r', 'c', '{"premise": "A lamp."}', 1);
INSERT INTO scenes (id, story_id, direction, seed, state, epoch, heartbeat_at, stop_asked, storyteller, text,
  created_at) VALUES ('e', 's', '', 1, 'told', 1, 1, 0, 'loom', 'It went out.', 1);
INSERT INTO sources (scene_id, rank, fragment_id, score, reasons) VALUES ('e', 1, 'w.1.0', 0.5, '{}');
"""


def test_filled_data_of_the_first_schema_is_kept_and_found_again(home: Path, open_service: OpenService) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "SCHEMA", "0001")
        old = Database(home / "dream.sqlite3")
        schema.migrate(old)
        with old.write() as session:
            for statement in FILLED.strip().split(";\n"):
                session.connection().exec_driver_sql(statement)
        old.close()
    service = open_service()
    assert schema.version(service.database) == schema.SCHEMA
    service.warm()
    assert service.mending.wait(30)
    [hit] = service.search("the lamp").hits
    assert (hit.fragment.id, hit.fragment.text) == ("w.1.0", "The lamp at Cold Point went out.")
    [source] = service.sources.of("e")
    assert source["work"]["title"] == "The Lamp"
    assert service.library.works.text("v") == "The lamp at Cold Point went out."
