"""What told scenes leave for the next, what readers lay down for a story, and links that open a library elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "memories",
        sa.Column("scene_id", sa.String(), sa.ForeignKey("scenes.id"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("scene_id"),
    )
    op.create_index("memories_by_state", "memories", ["state", "claimed_at"])
    op.create_table(
        "corrections",
        sa.Column("story_id", sa.String(), sa.ForeignKey("stories.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("traits", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "name"),
    )
    op.create_table(
        "reader_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reader_id", sa.String(), sa.ForeignKey("readers.id"), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret"),
    )
    op.create_index("ix_reader_links_reader_id", "reader_links", ["reader_id"])
    op.add_column("stories", sa.Column("note", sa.String(), nullable=False, server_default=""))
    op.add_column("stories", sa.Column("facts", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("scenes", sa.Column("prompt", sa.JSON(), nullable=True))
    op.add_column("ledger", sa.Column("kind", sa.String(), nullable=False, server_default="telling"))
