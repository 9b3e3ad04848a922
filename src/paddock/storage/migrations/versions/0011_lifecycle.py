"""The tables of releases' lives: events, releases, what is kept back, stages to follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lifecycle_events",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("signers", sa.JSON(), nullable=False),
        sa.Column("applied_at", MOMENT),
        _of_repository("lifecycle_events"),
        sa.PrimaryKeyConstraint("repo_id", "digest", name="pk_lifecycle_events"),
    )
    op.create_index("ix_lifecycle_events_repo_id_number", "lifecycle_events", ["repo_id", "number"])
    op.create_table(
        "lifecycle_releases",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("manifest_oid", sa.String(40), nullable=False),
        sa.Column("release", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        _of_repository("lifecycle_releases"),
        sa.PrimaryKeyConstraint("repo_id", "manifest_oid", name="pk_lifecycle_releases"),
    )
    op.create_table(
        "revoked_contents",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        _of_repository("revoked_contents"),
        sa.PrimaryKeyConstraint("repo_id", "etag", name="pk_revoked_contents"),
    )
    op.create_table(
        "lifecycle_follows",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("signers", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        _of_repository("lifecycle_follows"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_lifecycle_follows"),
    )


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repo_id"], ["repositories.id"], name=f"fk_{table}_repo_id", ondelete="CASCADE"
    )
