"""What a scene from a file leans on that is not on its shelf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("scenes", sa.Column("brought", sa.JSON(), nullable=True))
