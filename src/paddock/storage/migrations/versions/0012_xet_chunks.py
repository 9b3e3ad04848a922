"""The sparse index of chunks, and who knows which xorbs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "xet_chunks",
        sa.Column("chunk_hash", sa.String(64), nullable=False),
        sa.Column("xorb_hash", sa.String(64), nullable=False),
        _of_xorb("xet_chunks"),
        sa.PrimaryKeyConstraint("chunk_hash", "xorb_hash", name="pk_xet_chunks"),
    )
    op.create_index("ix_xet_chunks_xorb_hash", "xet_chunks", ["xorb_hash"])
    op.create_table(
        "xorb_known_to",
        sa.Column("xorb_hash", sa.String(64), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("told", sa.LargeBinary()),
        sa.Column("since", MOMENT, nullable=False),
        _of_xorb("xorb_known_to"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_xorb_known_to_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("xorb_hash", "account_id", name="pk_xorb_known_to"),
    )
    op.create_index("ix_xorb_known_to_account_id", "xorb_known_to", ["account_id"])
    # Those that are here already wait for the job of hub/xet/indexing.py.
    op.add_column(
        "xorbs", sa.Column("is_indexed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    unindexed = sa.text("NOT is_indexed")
    op.create_index(
        "ix_xorbs_unindexed",
        "xorbs",
        ["hash"],
        sqlite_where=unindexed,
        postgresql_where=unindexed,
    )
    _forget_even_cuts()


def _forget_even_cuts() -> None:
    """What came by git-lfs was cut every 64 KiB, not where clients cut: it is cut anew by a job."""
    op.execute(
        "UPDATE large_files SET xet_hash = NULL WHERE is_blob AND xet_hash IN "
        "(SELECT made.file_hash FROM xet_file_xorbs AS made JOIN xorbs "
        "ON xorbs.hash = made.xorb_hash WHERE xorbs.view_start IS NOT NULL)"
    )
    op.execute(
        "DELETE FROM xet_files WHERE hash NOT IN "
        "(SELECT xet_hash FROM large_files WHERE xet_hash IS NOT NULL) AND hash IN "
        "(SELECT made.file_hash FROM xet_file_xorbs AS made JOIN xorbs "
        "ON xorbs.hash = made.xorb_hash WHERE xorbs.view_start IS NOT NULL)"
    )
    op.execute("DELETE FROM xet_file_xorbs WHERE file_hash NOT IN (SELECT hash FROM xet_files)")
    op.execute(
        "DELETE FROM xorbs WHERE view_start IS NOT NULL "
        "AND hash NOT IN (SELECT xorb_hash FROM xet_file_xorbs)"
    )


def _of_xorb(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["xorb_hash"], ["xorbs.hash"], name=f"fk_{table}_xorb_hash", ondelete="CASCADE"
    )
