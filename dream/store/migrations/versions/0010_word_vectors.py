"""Token vectors of 128 dimensions in four bits, beside those of 64 in int8, which builds from before still read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("meanings", sa.Column("word_bounds", sa.LargeBinary(), nullable=True))
    op.add_column("meanings", sa.Column("word_vectors", sa.LargeBinary(), nullable=True))
