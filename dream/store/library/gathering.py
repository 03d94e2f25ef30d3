"""Gathering rows together with everything that refers to them: what removing them would take along."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from dream.store.models import Base


def gathered(
    session: Session, table: Table, condition: ColumnElement[bool], *, without: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Rows of a table by the names of their columns; under the name of each table whose rows cannot be without them,
    those. It follows the foreign keys, so that a new table is never forgotten. `without` names what is left out.
    """
    rows = [dict(row) for row in session.execute(select(table).where(condition)).mappings()]
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table and not key.parent.nullable and other.name not in without:
                for row in rows:
                    mine = key.parent == row[key.column.name]
                    row[other.name] = gathered(session, other, mine, without=without)
    return rows
