"""What readers do with their stories: name them, put them away, share them; and parts in a reader's own words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("stories", sa.Column("title", sa.String(), nullable=False, server_default=""))
    op.add_column("stories", sa.Column("put_away_at", sa.Double(), nullable=True))
    op.add_column("stories", sa.Column("shared_as", sa.String(), nullable=True))
    op.create_index("stories_shared_as", "stories", ["shared_as"], unique=True)
    op.add_column("scenes", sa.Column("rewrites_id", sa.String(), nullable=True))
