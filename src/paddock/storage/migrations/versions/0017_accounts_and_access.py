"""Rows that the pages need: how sessions began, terms, access that ends, who downloaded what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("terms_sha256", sa.String(64)))
    op.add_column("access_grants", sa.Column("expires_at", MOMENT))
    op.add_column("sessions", sa.Column("address", sa.Text()))
    op.add_column("sessions", sa.Column("agent", sa.Text()))
    op.add_column("sessions", sa.Column("seen_on", sa.Date()))
    _file_downloads()


def _file_downloads() -> None:
    table = "file_downloads"
    op.create_table(
        table,
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("way", sa.String(4), nullable=False),
        sa.Column("commit_oid", sa.String(40)),
        sa.Column("path", sa.Text()),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name=f"fk_{table}_repo_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("mark", name=f"pk_{table}"),
    )
    for columns in (["repo_id", "happened_at", "mark"], ["user_id"], ["happened_at"]):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
