"""The shape of the data: which schema it has, bringing it up to this build's, and refusing what this build cannot
serve.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from dream.errors import SchemaRefused
from dream.store.database import Database

SCHEMA = "0010"
"""The newest migration. Migrations are numbered in order and only ever add; what they leave unused goes a release
later.
"""

OLDEST_COMPATIBLE = "0003"
"""The oldest schema whose builds still serve data of this one: those before 0003 would show private corpora to all."""


def migrate(database: Database) -> bool:
    """Brings the data to this build's schema; True where something changed.

    Newer data is served as it is while it says that this build still can. Raises SchemaRefused where it says otherwise.
    """
    found = version(database)
    if found is not None and found >= SCHEMA:
        refuse_incompatible(database, found)
        return False
    # Only a change of schema pays for importing the migration tool.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine.execution_options(writes=True)
    command.upgrade(config, SCHEMA)
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO notes (name, value) VALUES ('oldest_compatible', :v) "
                "ON CONFLICT (name) DO UPDATE SET value = :v"
            ),
            {"v": OLDEST_COMPATIBLE},
        )
    return True


def version(database: Database) -> str | None:
    """The schema that the data has, None where there is no data yet."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def refuse_incompatible(database: Database, found: str) -> None:
    """Raises SchemaRefused where data of a newer schema says that this build cannot serve it."""
    with database.read() as session:
        oldest = session.execute(text("SELECT value FROM notes WHERE name = 'oldest_compatible'")).scalar() or found
    if oldest > SCHEMA:
        raise SchemaRefused(
            f"The data in {database.path.parent} has schema {found}, which needs a build of schema {oldest} "
            f"or newer; this one has {SCHEMA}. "
            "Nothing was changed. Install the newer dream, or restore a backup made before the upgrade."
        )
