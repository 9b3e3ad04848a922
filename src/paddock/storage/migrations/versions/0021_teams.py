"""Rows of teams, collaborators and service accounts; what reports with the same prompt share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _teams()
    _group_teams()
    _collaborators()
    _service_accounts()
    op.add_column("reports", sa.Column("prompt_sha256", sa.String(64)))
    op.create_index("ix_reports_repo_id_prompt_sha256", "reports", ["repo_id", "prompt_sha256"])


def _teams() -> None:
    op.create_table(
        "teams",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("org_id", ID, nullable=False),
        sa.Column("name", sa.String(42), nullable=False),
        sa.Column("key", sa.String(42), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        _reference("teams", "org_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("public_id", name="uq_teams_public_id"),
        sa.UniqueConstraint("org_id", "key", name="uq_teams_org_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        _reference("team_members", "team_id", "teams"),
        _reference("team_members", "user_id", "accounts"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_members"),
    )
    op.create_index("ix_team_members_user_id", "team_members", ["user_id"])


def _group_teams() -> None:
    table = "resource_group_teams"
    op.create_table(
        table,
        sa.Column("group_id", ID, nullable=False),
        sa.Column("team_id", ID, nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        _reference(table, "group_id", "resource_groups"),
        _reference(table, "team_id", "teams"),
        sa.PrimaryKeyConstraint("group_id", "team_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_team_id", table, ["team_id"])


def _collaborators() -> None:
    table = "collaborators"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("team_id", ID),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("added_by_id", ID),
        sa.Column("created_at", MOMENT, nullable=False),
        _reference(table, "repo_id", "repositories"),
        _reference(table, "user_id", "accounts"),
        _reference(table, "team_id", "teams"),
        _reference(table, "added_by_id", "accounts", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("repo_id", "user_id", name=f"uq_{table}_repo_id_user_id"),
        sa.UniqueConstraint("repo_id", "team_id", name=f"uq_{table}_repo_id_team_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{table}_user_id_repo_id", table, ["user_id", "repo_id"])
    op.create_index(f"ix_{table}_team_id", table, ["team_id"])
    op.create_index(f"ix_{table}_added_by_id", table, ["added_by_id"])


def _service_accounts() -> None:
    table = "service_accounts"
    op.create_table(
        table,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("org_id", ID, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_by_id", ID),
        _reference(table, "user_id", "accounts"),
        sa.ForeignKeyConstraint(["org_id"], ["accounts.id"], name=f"fk_{table}_org_id"),
        _reference(table, "created_by_id", "accounts", "SET NULL"),
        sa.PrimaryKeyConstraint("user_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_org_id", table, ["org_id"])
    op.create_index(f"ix_{table}_created_by_id", table, ["created_by_id"])


def _reference(
    table: str, column: str, other: str, on_delete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=on_delete)
