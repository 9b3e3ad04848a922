"""Rows that the pages need: releases at main, the keys that signed them, their ancestors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "released",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("seen", sa.String(130), nullable=False),
        sa.Column("manifest_oid", sa.String(40)),
        sa.Column("release", sa.String(64)),
        sa.Column("name", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("stage", sa.String(40)),
        _of_repository("released"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_released"),
    )
    op.create_table(
        "release_keys",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _of_repository("release_keys"),
        sa.PrimaryKeyConstraint("repo_id", "fingerprint", name="pk_release_keys"),
    )
    op.create_index(
        "ix_release_keys_fingerprint_repo_id", "release_keys", ["fingerprint", "repo_id"]
    )
    op.create_table(
        "release_ancestors",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("edges", sa.String(500), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_near", sa.Boolean(), nullable=False),
        _of_repository("release_ancestors"),
        sa.PrimaryKeyConstraint("repo_id", "key", "edges", name="pk_release_ancestors"),
    )
    op.create_index(
        "ix_release_ancestors_key_is_near_repo_id",
        "release_ancestors",
        ["key", "is_near", "repo_id"],
    )


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repo_id"], ["repositories.id"], name=f"fk_{table}_repo_id", ondelete="CASCADE"
    )
