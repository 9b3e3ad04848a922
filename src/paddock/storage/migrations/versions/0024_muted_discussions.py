"""Discussions of which users hear no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    table = "muted_discussions"
    op.create_table(
        table,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("discussion_id", ID, nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["discussion_id"],
            ["discussions.id"],
            name=f"fk_{table}_discussion_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "discussion_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_discussion_id", table, ["discussion_id"])
