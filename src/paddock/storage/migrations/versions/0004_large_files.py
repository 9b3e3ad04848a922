"""Locks, use and quotas, what the sweep condemned, and which xorbs a Xet file is made of."""

from __future__ import annotations

import struct

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
SHA256 = sa.String(64)

_TERM = struct.Struct("<32sIII")
_ROWS_AT_ONCE = 500


def upgrade() -> None:
    _lfs_locks()
    _usage()
    _condemned_blobs()
    _xet_file_xorbs()
    _columns()
    _fill_usage()
    _fill_xet_file_xorbs()


def _lfs_locks() -> None:
    op.create_table(
        "lfs_locks",
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_sha256", SHA256, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=True),
        sa.Column("locked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name="fk_lfs_locks_owner_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_lfs_locks_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lfs_locks"),
        sa.UniqueConstraint("repo_id", "path_sha256", name="uq_lfs_locks_repo_id_path_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lfs_locks_owner_id", "lfs_locks", ["owner_id"])


def _usage() -> None:
    op.create_table(
        "repository_usage",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("large_bytes", sa.BigInteger(), nullable=False),
        sa.Column("git_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_repository_usage_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", name="pk_repository_usage"),
    )
    op.create_table(
        "quotas",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_quotas_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_quotas"),
    )
    op.create_table(
        "hub_limits",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_hub_limits"),
    )


def _condemned_blobs() -> None:
    op.create_table(
        "condemned_blobs",
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("condemned_at", MOMENT, nullable=False),
        sa.Column("is_deleting", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_condemned_blobs"),
    )
    op.create_index("ix_condemned_blobs_condemned_at", "condemned_blobs", ["condemned_at"])


def _xet_file_xorbs() -> None:
    op.create_table(
        "xet_file_xorbs",
        sa.Column("file_hash", SHA256, nullable=False),
        sa.Column("xorb_hash", SHA256, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_hash"], ["xet_files.hash"], name="fk_xet_file_xorbs_file_hash",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["xorb_hash"], ["xorbs.hash"], name="fk_xet_file_xorbs_xorb_hash"
        ),
        sa.PrimaryKeyConstraint("file_hash", "xorb_hash", name="pk_xet_file_xorbs"),
    )  # fmt: skip
    op.create_index("ix_xet_file_xorbs_xorb_hash", "xet_file_xorbs", ["xorb_hash"])


def _columns() -> None:
    for table, column in (
        ("git_objects", sa.Column("idle_since", MOMENT, nullable=True)),
        ("repository_large_files", sa.Column("filename", sa.Text(), nullable=True)),
        ("repository_large_files", sa.Column("ref", sa.String(length=255), nullable=True)),
        ("repository_large_files", sa.Column("idle_since", MOMENT, nullable=True)),
        ("xorbs", sa.Column("view_start", sa.BigInteger(), nullable=True)),
        ("xorbs", sa.Column("waits_for_repo_id", sa.BigInteger(), nullable=True)),
        ("xorbs", sa.Column("idle_since", MOMENT, nullable=True)),
    ):
        op.add_column(table, column)
    op.create_index("ix_xorbs_blob_sha256", "xorbs", ["blob_sha256"])
    _partial_index("git_objects", ["blob_sha256"])
    _partial_index("git_objects", ["repo_id", "lfs_sha256"])
    _partial_index("git_objects", ["repo_id", "idle_since"])
    _partial_index("xorbs", ["waits_for_repo_id"])
    unviewed = sa.text("xet_hash IS NULL")
    op.create_index(
        "ix_large_files_unviewed",
        "large_files",
        ["sha256"],
        sqlite_where=unviewed,
        postgresql_where=unviewed,
    )


def _partial_index(table: str, columns: list[str]) -> None:
    """An index of the few rows in which the last column is set."""
    where = sa.text(f"{columns[-1]} IS NOT NULL")
    name = "_".join(["ix", table, *columns])
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _fill_usage() -> None:
    op.execute("""
        INSERT INTO repository_usage (repo_id, large_bytes, git_bytes)
        SELECT repositories.id,
          (SELECT COALESCE(SUM(large_files.size_bytes), 0) FROM repository_large_files
             JOIN large_files ON large_files.sha256 = repository_large_files.sha256
             WHERE repository_large_files.repo_id = repositories.id),
          (SELECT COALESCE(SUM(git_objects.size_bytes), 0) FROM git_objects
             WHERE git_objects.repo_id = repositories.id AND git_objects.type = 3)
        FROM repositories
    """)


def _fill_xet_file_xorbs() -> None:
    """Read the terms of every file once, in the order of the key, some at a time."""
    conn = op.get_bind()
    files = sa.table("xet_files", sa.column("hash"), sa.column("terms"))
    links = sa.table("xet_file_xorbs", sa.column("file_hash"), sa.column("xorb_hash"))
    after = ""
    while True:
        query = sa.select(files.c.hash, files.c.terms).where(files.c.hash > after)
        rows = conn.execute(query.order_by(files.c.hash).limit(_ROWS_AT_ONCE)).all()
        if not rows:
            return
        after = rows[-1].hash
        found = [
            {"file_hash": row.hash, "xorb_hash": xorb}
            for row in rows
            for xorb in sorted({_to_text(term[0]) for term in _TERM.iter_unpack(bytes(row.terms))})
        ]
        if found:
            conn.execute(links.insert(), found)


def _to_text(raw: bytes) -> str:
    """A hash as rows spell it: four little-endian numbers."""
    return "".join(raw[at : at + 8][::-1].hex() for at in range(0, 32, 8))
