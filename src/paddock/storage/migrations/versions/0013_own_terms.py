"""Terms of its own for a file that another repository had in other terms before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("xet_files", sa.Column("of_hash", sa.String(64)))
    op.create_table(
        "xet_own_terms",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("own_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_xet_own_terms_repo_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["own_hash"], ["xet_files.hash"], name="fk_xet_own_terms_own_hash", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "file_hash", name="pk_xet_own_terms"),
    )
    op.create_index("ix_xet_own_terms_own_hash", "xet_own_terms", ["own_hash"])
