"""Which request a memory goes back to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("memories", sa.Column("request_id", sa.String(), nullable=False, server_default=""))
