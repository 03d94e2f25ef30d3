"""The SQL database: connections, and the two kinds of transaction there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dream.errors import NoRoom
from dream.metrics import STORE_ERRORS
from dream.store.turns import Turns

BUSY_MILLISECONDS = 10_000

PRAGMAS = (
    "journal_mode = WAL",
    "foreign_keys = ON",
    # What a statement that writes many rows would undo: a file of it would be made and removed for each.
    "temp_store = MEMORY",
    # Pages. The last page of each story that is told changes in every round, and is copied once for all of them.
    "wal_autocheckpoint = 4000",
)


class Database:
    """One SQLite file, safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self.engine = _engine(path)
        self._writing = self.engine.execution_options(writes=True)
        self._lasting = self.engine.execution_options(writes=True, lasting=True)
        self._turns = Turns()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the data and changes nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, lasting: bool = False, first: bool = False) -> Iterator[Session]:
        """A transaction that holds the write lock from its start: one that reads first would fail when another
        writes in between.

        What a process has committed survives its end; a `lasting` transaction survives the power's as well. One that
        goes `first` waits for no more than the one that is under way in this process. Raises NoRoom where the disk is
        full.
        """
        engine = self._lasting if lasting else self._writing
        # SQLite's own waiting is a sleep between tries, in which one that writes often shuts the others out; it stays
        # for what other processes write, and where no turn came.
        turn = self._turns.turn(BUSY_MILLISECONDS / 1000, first=first)
        try:
            with turn, Session(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            _raise_where_full(error.orig)
            raise

    def insert(self, statement: str, values: Sequence[str]) -> None:
        """One statement as a transaction of its own, past the layers of SQLAlchemy: around a small one they take
        150 us, where the driver takes 22. It goes `first`, and raises NoRoom as `write` does, or sqlite3.Error.
        """
        connection = self.engine.raw_connection()
        try:
            with self._turns.turn(BUSY_MILLISECONDS / 1000, first=True):
                _keep(connection, "NORMAL")
                connection.cursor().execute(statement, values)
        except sqlite3.Error as error:
            STORE_ERRORS.labels("sql").inc()
            _raise_where_full(error)
            raise
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=8,
        max_overflow=64,
        pool_use_lifo=True,  # who writes often finds the pages of the last time
        connect_args={"check_same_thread": False},
        hide_parameters=True,  # a reader's words stand in no error and no log
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # begin is ours, below
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "handle_error")
    def _count(_context: ExceptionContext) -> None:
        STORE_ERRORS.labels("sql").inc()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("writes"):
            connection.exec_driver_sql("BEGIN")
            return
        _keep(connection.connection, "FULL" if options.get("lasting") else "NORMAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _keep(connection: PoolProxiedConnection, synchronous: str) -> None:
    """How surely a connection's next transactions are kept."""
    if connection.info.get("synchronous") != synchronous:
        connection.cursor().execute(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous


def _raise_where_full(error: BaseException | None) -> None:
    if "disk is full" in str(error):
        raise NoRoom("The disk of the service is full. Nothing was changed; please try again later.") from None
