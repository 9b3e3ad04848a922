"""Rows of people: letters, proven addresses, and what else proves who somebody is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _addresses()
    _sessions()
    _attempts()
    _letters()
    _mail_links()
    _invitations()
    _passkeys()
    _passkey_challenges()


def _addresses() -> None:
    op.add_column("accounts", sa.Column("email_key", sa.Text()))
    op.add_column("accounts", sa.Column("email_verified_at", MOMENT))
    op.execute("UPDATE accounts SET email_key = lower(email)")
    op.create_index("ix_accounts_email_key", "accounts", ["email_key"])


def _sessions() -> None:
    """Whoever is signed in proved it when they did."""
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("confirmed_at", MOMENT))
    op.execute("UPDATE sessions SET confirmed_at = created_at")
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column("confirmed_at", nullable=False)


def _attempts() -> None:
    """Windows of any length. What was counted counts for minutes: it begins anew."""
    op.drop_table("attempts")
    op.create_table(
        "attempts",
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_attempts"),
    )
    op.create_index("ix_attempts_ends_at", "attempts", ["ends_at"])


def _letters() -> None:
    table = "letters"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )
    for column in ("user_id", "ends_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _mail_links() -> None:
    table = "mail_links"
    op.create_table(
        table,
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_sha256", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_user_id_purpose", table, ["user_id", "purpose"])
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def _invitations() -> None:
    table = "invitations"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("maker_id", ID, nullable=False),
        sa.Column("org_id", ID),
        sa.Column("role", sa.String(12)),
        sa.Column("email", sa.Text()),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["accounts.id"], name=f"fk_{table}_maker_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["accounts.id"], name=f"fk_{table}_org_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("secret_sha256", name=f"uq_{table}_secret_sha256"),
        sqlite_autoincrement=True,
    )
    for column in ("maker_id", "org_id", "expires_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _passkeys() -> None:
    table = "passkeys"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("credential_id", name=f"uq_{table}_credential_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _passkey_challenges() -> None:
    table = "passkey_challenges"
    op.create_table(
        table,
        sa.Column("browser_sha256", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("browser_sha256", "purpose", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])
