"""Reading a file is a job, and what is no longer live is removed from the vector store for certain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("works", sa.Column("said", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("works", sa.Column("numbered", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("works", sa.Column("removed_at", sa.Double(), nullable=True))
    op.add_column("versions", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("versions", sa.Column("about", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("versions", sa.Column("live_at", sa.Double(), nullable=True))
    op.execute("UPDATE works SET numbered = coalesce((SELECT max(number) FROM versions WHERE work_id = works.id), 0)")
    op.execute(
        "UPDATE versions SET live_at = created_at WHERE number <= (SELECT live.number FROM works "
        "JOIN versions AS live ON live.id = works.live_version_id WHERE works.id = versions.work_id)"
    )
    op.create_table(
        "leftovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("corpus_id", sa.String(), nullable=False),
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fragments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("corpus_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=True),
        sa.Column("work_id", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("sentence", sa.String(), nullable=True),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=False),
        sa.Column("beat_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["corpus_id"], ["corpora.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "owner", "created_at"])
    op.create_index("jobs_of_owner", "jobs", ["owner", "claimed_at"])
    op.create_index("jobs_of_work", "jobs", ["corpus_id", "source", "created_at"])
    op.create_index("jobs_of_batch", "jobs", ["batch"])
