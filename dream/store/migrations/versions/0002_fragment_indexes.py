"""Indexes of words and of meaning as plain tables, which work alike in every SQL database, instead of SQLite's FTS5."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "lexicons",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("corpus_id", sa.String(), nullable=False),
        sa.Column("fragments", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"]),
        sa.ForeignKeyConstraint(["corpus_id"], ["corpora.id"]),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("version_id"),
    )
    op.create_index("lexicons_of_corpus", "lexicons", ["corpus_id", "key", "fragments", "words"])
    op.create_table(
        "postings",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("lexicon", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("term", "lexicon"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "readings",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("lexicon", sa.Integer(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("windows", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["fragments.key"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "meanings",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("pooled", sa.LargeBinary(), nullable=False),
        sa.Column("windows", sa.LargeBinary(), nullable=False),
        sa.Column("bounds", sa.LargeBinary(), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["fragments.key"]),
        sa.PrimaryKeyConstraint("key", "model"),
    )
    op.create_index("works_by_live_version", "works", ["live_version_id"])
    op.drop_table("fragment_terms")
    op.execute("UPDATE versions SET embedding = NULL")  # every work waits for its new indexes
