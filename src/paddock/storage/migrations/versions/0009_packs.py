"""The table of kept packs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_packs",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("blob_sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("object_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(40), nullable=False),
        sa.Column("tips", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("held_objects", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_kept_packs_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", name="pk_kept_packs"),
    )
    op.create_index("ix_kept_packs_blob_sha256", "kept_packs", ["blob_sha256"])
