"""Accounts that are turned off; the audit log: entries, the end of their chain, checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REFUSED = "the audit log is append-only"
PERMITTED = "EXISTS (SELECT 1 FROM audit_log_permits)"
FIXED = (
    *("seq", "happened_at", "act", "actor_id", "repo_id", "account_id"),
    *("seals", "previous", "hash"),
)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("disabled_at", MOMENT))
    op.add_column("accounts", sa.Column("disabled_reason", sa.Text()))
    _log()
    op.create_table(
        "audit_log_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log_head"),
    )
    op.create_table(
        "audit_log_permits",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log_permits"),
    )
    op.create_table(
        "audit_log_checkpoints",
        sa.Column("seq", ID, nullable=False, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log_checkpoints"),
    )
    (_on_sqlite if op.get_bind().dialect.name == "sqlite" else _on_postgresql)()


def _log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", ID, nullable=False, autoincrement=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("repo_id", sa.BigInteger()),
        sa.Column("account_id", sa.BigInteger()),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("salts", sa.JSON(), nullable=False),
        sa.Column("seals", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
    )
    for column in ("repo_id", "actor_id", "account_id", "act"):
        op.create_index(f"ix_audit_log_{column}_seq", "audit_log", [column, "seq"])
    op.create_index("ix_audit_log_happened_at", "audit_log", ["happened_at"])


def _on_sqlite() -> None:
    same = " AND ".join(f"new.{name} IS old.{name}" for name in FIXED)
    for name, event, table, unless in (
        ("audit_log_kept", "DELETE", "audit_log", PERMITTED),
        ("audit_log_fixed", "UPDATE", "audit_log", f"{PERMITTED} AND {same}"),
        ("audit_log_head_kept", "DELETE", "audit_log_head", "0"),
        ("audit_log_head_grows", "UPDATE", "audit_log_head", "new.seq > old.seq"),
        ("audit_log_checkpoints_kept", "DELETE", "audit_log_checkpoints", PERMITTED),
        ("audit_log_checkpoints_fixed", "UPDATE", "audit_log_checkpoints", "0"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN NOT ({unless}) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )


def _on_postgresql() -> None:
    def text(name: str) -> str:
        return f"{name}::text" if name.endswith("seals") else name

    same = " AND ".join(
        f"{text(f'new.{name}')} IS NOT DISTINCT FROM {text(f'old.{name}')}" for name in FIXED
    )
    for name, event, table, unless in (
        ("audit_log_kept", "DELETE", "audit_log", PERMITTED),
        ("audit_log_fixed", "UPDATE", "audit_log", f"{PERMITTED} AND {same}"),
        ("audit_log_head_kept", "DELETE", "audit_log_head", "false"),
        ("audit_log_head_grows", "UPDATE", "audit_log_head", "new.seq > old.seq"),
        ("audit_log_checkpoints_kept", "DELETE", "audit_log_checkpoints", PERMITTED),
        ("audit_log_checkpoints_fixed", "UPDATE", "audit_log_checkpoints", "false"),
    ):
        kept = "old" if event == "DELETE" else "new"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NOT ({unless}) THEN RAISE EXCEPTION '{REFUSED}'; END IF; RETURN {kept}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for table in ("audit_log", "audit_log_head", "audit_log_checkpoints"):
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_head_kept()"
        )
