"""Removing rows together with everything that refers to them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.orm import Session

from dream.store.models import Base


def remove(session: Session, table: Table, condition: ColumnElement[bool]) -> None:
    """Deletes rows of a table. What cannot be without them goes too; what can, forgets them: a foreign key that may be
    null becomes so.
    """
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is not table:
                continue
            referring = key.parent.in_(select(key.column).where(condition))
            if key.parent.nullable:
                session.execute(update(other).where(referring).values({key.parent: None}))
            elif other is not table:
                remove(session, other, referring)
    session.execute(delete(table).where(condition))
