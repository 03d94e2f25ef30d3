"""A ledger of tellings, for quotas and for what they cost; and whether a telling is followed from another process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("scenes", sa.Column("followed_at", sa.Double(), nullable=True))
    op.add_column("jobs", sa.Column("request_id", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "ledger",
        sa.Column("scene_id", sa.String(), nullable=False),
        sa.Column("reader_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("began_at", sa.Double(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("prompt_characters", sa.Integer(), nullable=False),
        sa.Column("answer_characters", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("answer_tokens", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("scene_id"),
    )
    op.create_index("ledger_by_time", "ledger", ["began_at"])
    for who in ("reader", "account"):
        op.create_index(f"ledger_of_{who}", "ledger", [f"{who}_id", "began_at"])
    op.create_index("ledger_of_address", "ledger", ["address", "began_at"])
