"""Rows of gates: terms and who accepted them, rules, appeals, and when requests were answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name, kind in (
        ("rule", sa.Text()),
        ("answered_at", MOMENT),
        ("appeal", sa.Text()),
        ("appealed_at", MOMENT),
        ("appeal_closed_at", MOMENT),
    ):
        op.add_column("access_grants", sa.Column(name, kind))
    _terms()
    _acceptances()
    _rules()


def _terms() -> None:
    op.create_table(
        "gate_terms",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _of_repository("gate_terms"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_gate_terms"),
    )
    op.create_table(
        "gate_texts",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _of_repository("gate_texts"),
        sa.PrimaryKeyConstraint("repo_id", "sha256", name="pk_gate_texts"),
    )


def _acceptances() -> None:
    table = "gate_acceptances"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.String(100)),
        sa.Column("commit_oid", sa.String(40), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        _of_repository(table),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for columns in (
        ("repo_id", "user_id", "digest"),
        ("repo_id", "accepted_at", "id"),
        ("user_id", "accepted_at", "id"),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _rules() -> None:
    table = "gate_rules"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("subject", sa.String(8), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("effect", sa.String(8), nullable=False),
        _of_repository(table),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(
            "repo_id", "subject", "value", name=f"uq_{table}_repo_id_subject_value"
        ),
    )


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repo_id"], ["repositories.id"], name=f"fk_{table}_repo_id", ondelete="CASCADE"
    )
