"""The tables of scans by content and name; what an older scanner said is found out anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_REJECT = sa.text("verdict = 'reject'")
IN_FORCE = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.drop_table("file_scans")
    _add_verdicts()
    _add_of_repositories()
    _add_overrides()


def _add_verdicts() -> None:
    op.create_table(
        "file_scans",
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("scanner", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("scanned_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("etag", "name", name="pk_file_scans"),
    )
    op.create_index(
        "ix_file_scans_reject",
        "file_scans",
        ["etag"],
        sqlite_where=IS_REJECT,
        postgresql_where=IS_REJECT,
    )


def _add_of_repositories() -> None:
    op.create_table(
        "tree_scans",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("tree_oid", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("scanner", sa.String(40), nullable=False),
        sa.Column("scanned_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_tree_scans_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "tree_oid", name="pk_tree_scans"),
    )
    op.create_table(
        "scan_refusals",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("tree_oid", sa.String(40), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_scan_refusals_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "etag", "name", "tree_oid", name="pk_scan_refusals"),
    )
    op.create_table(
        "repository_scans",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("scanner", sa.String(40), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"],
            ["repositories.id"],
            name="fk_repository_scans_repo_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_id", name="pk_repository_scans"),
    )
    op.create_index(
        "ix_repository_scans_scanner_repo_id", "repository_scans", ["scanner", "repo_id"]
    )


def _add_overrides() -> None:
    op.create_table(
        "scan_overrides",
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("allowed_by", sa.String(96), nullable=False),
        sa.Column("allowed_at", MOMENT, nullable=False),
        sa.Column("withdrawn_by", sa.String(96)),
        sa.Column("withdrawn_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_scan_overrides_repo_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scan_overrides"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_scan_overrides_in_force",
        "scan_overrides",
        ["repo_id", "etag"],
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_index("ix_scan_overrides_repo_id_id", "scan_overrides", ["repo_id", "id"])
