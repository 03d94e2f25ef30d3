"""Accounts, what they sign in with, and whose a corpus is; whatever stands so far stays public and the house's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _accounts()
    _corpora()
    op.create_table(
        "reports",
        _id(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("reader_id", sa.String(), sa.ForeignKey("readers.id"), nullable=True),
        _time("created_at"),
        _time("settled_at", nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
    )
    op.create_index("reports_open", "reports", ["settled_at", "created_at"])
    op.add_column("stories", _time("taken_down_at", nullable=True))


def _accounts() -> None:
    op.create_table(
        "accounts",
        _id(),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reader_id", sa.String(), sa.ForeignKey("readers.id"), nullable=False, unique=True),
        _time("suspended_at", nullable=True),
        _time("created_at"),
    )
    op.create_table(
        "sign_ins",
        _id(),
        sa.Column("account_id", sa.String(), sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("secret", sa.String(), nullable=False, unique=True),
        sa.Column("agent", sa.String(), nullable=False),
        _time("created_at"),
        _time("seen_at"),
    )
    op.create_table(
        "api_tokens",
        _id(),
        sa.Column("account_id", sa.String(), sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("secret", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        _time("created_at"),
        _time("used_at", nullable=True),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        _time("made_at"),
    )
    op.create_index("attempts_by_key", "attempts", ["key", "made_at"])


def _corpora() -> None:
    op.add_column("corpora", sa.Column("title", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE corpora SET title = name")
    op.add_column("corpora", _account("owner_id"), inline_references=True)
    op.create_index("ix_corpora_owner_id", "corpora", ["owner_id"])
    op.add_column("corpora", sa.Column("visibility", sa.String(), nullable=False, server_default="public"))
    op.add_column("corpora", sa.Column("scanned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "grants",
        sa.Column("corpus_id", sa.String(), sa.ForeignKey("corpora.id"), primary_key=True),
        sa.Column("account_id", sa.String(), sa.ForeignKey("accounts.id"), primary_key=True, index=True),
        sa.Column("may_add", sa.Boolean(), nullable=False),
        _time("created_at"),
    )
    op.add_column("works", _account("added_by"), inline_references=True)
    op.create_index("ix_works_added_by", "works", ["added_by"])
    op.add_column("works", _time("taken_down_at", nullable=True))


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(), primary_key=True)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def _account(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), sa.ForeignKey("accounts.id"), nullable=True)
