"""Xorbs as somebody sent them who could not know that they were here in another form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "xorb_variants",
        sa.Column("xorb_hash", sa.String(64), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("blob_sha256", sa.String(64), nullable=False),
        sa.Column("serialized_bytes", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.LargeBinary(), nullable=False),
        sa.Column("view_start", sa.BigInteger()),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["xorb_hash"], ["xorbs.hash"], name="fk_xorb_variants_xorb_hash", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_xorb_variants_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("xorb_hash", "repo_id", name="pk_xorb_variants"),
    )
    op.create_index("ix_xorb_variants_repo_id", "xorb_variants", ["repo_id"])
    op.create_index("ix_xorb_variants_blob_sha256", "xorb_variants", ["blob_sha256"])
