"""The tables of mirrors and scans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mirrored_namespaces",
        sa.Column("account_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_mirrored_namespaces_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_mirrored_namespaces"),
    )
    op.create_table(
        "mirrors",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_mirrors_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", name="pk_mirrors"),
    )
    op.create_table(
        "file_scans",
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scanned_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("etag", name="pk_file_scans"),
    )
