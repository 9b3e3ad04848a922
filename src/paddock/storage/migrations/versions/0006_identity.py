"""The tables of identity: sessions, OAuth, resource groups, kept names, settings of spaces.

Written out, not taken from the code of today: a database of any age must take the same path.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

# The public application of the stock client, whose id is a constant in it.
_STOCK_CLIENT = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"
_STOCK_SCOPE = (
    "openid profile email read-repos write-repos manage-repos contribute-repos gated-repos "
    "write-discussions read-collections write-collections webhooks inference-api jobs"
)


def upgrade() -> None:
    _former_names()
    _kept_names()
    _sessions()
    _attempts()
    _oauth_apps()
    _oauth_grants()
    _oauth_refresh_tokens()
    _oauth_codes()
    _oauth_devices()
    _app_repositories()
    _trusted_publishers()
    _resource_groups()
    _resource_group_members()
    _resource_group_repositories()
    _space_settings()
    _tokens()
    _fill_former_names()
    _register_stock_client()


def _key(table: str, column: str, to: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _tokens() -> None:
    with op.batch_alter_table("tokens", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column(
            "role", existing_type=sa.String(5), type_=sa.String(12), existing_nullable=False
        )
        table.add_column(sa.Column("scopes", sa.JSON(), nullable=True))
        table.add_column(sa.Column("expires_at", MOMENT, nullable=True))
        table.add_column(sa.Column("grant_id", ID, nullable=True))
        table.create_foreign_key(
            "fk_tokens_grant_id", "oauth_grants", ["grant_id"], ["id"], ondelete="CASCADE"
        )
    _index("tokens", "grant_id")


def _fill_former_names() -> None:
    columns = "kind, key, repo_id"
    op.execute(f"INSERT INTO former_names ({columns}) SELECT {columns} FROM redirects")  # noqa: S608


def _register_stock_client() -> None:
    apps = sa.table(
        "oauth_apps",
        sa.column("client_id"),
        sa.column("name"),
        sa.column("redirect_uris", sa.JSON()),
        sa.column("scope"),
        sa.column("is_trusted"),
        sa.column("created_at", MOMENT),
    )
    row = {
        "client_id": _STOCK_CLIENT,
        "name": "Hugging Face CLI",
        "redirect_uris": [],
        "scope": _STOCK_SCOPE,
        "is_trusted": True,
        "created_at": datetime.now(UTC),
    }
    op.bulk_insert(apps, [row])


def _former_names() -> None:
    op.create_table(
        "former_names",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("key", sa.String(193), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        _key("former_names", "repo_id", "repositories"),
        sa.PrimaryKeyConstraint("kind", "key", "repo_id", name="pk_former_names"),
    )
    _index("former_names", "repo_id")


def _kept_names() -> None:
    op.create_table(
        "kept_names",
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keeper_id", ID, nullable=True),
        sa.Column("reason", sa.String(8), nullable=False),
        sa.Column("left_at", MOMENT, nullable=False),
        _key("kept_names", "keeper_id", "accounts", "SET NULL"),
        sa.PrimaryKeyConstraint("key", name="pk_kept_names"),
    )
    _index("kept_names", "keeper_id")


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("token_id", ID, nullable=True),
        _key("sessions", "token_id", "tokens"),
        _key("sessions", "user_id", "accounts"),
        sa.PrimaryKeyConstraint("secret_sha256", name="pk_sessions"),
    )
    _index("sessions", "expires_at")
    _index("sessions", "token_id")
    _index("sessions", "user_id")


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_attempts"),
    )
    _index("attempts", "started_at")


def _oauth_apps() -> None:
    op.create_table(
        "oauth_apps",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home_url", sa.Text(), nullable=True),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=True),
        sa.Column("is_trusted", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("oauth_apps", "owner_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_apps"),
        sa.UniqueConstraint("client_id", name="uq_oauth_apps_client_id"),
        sqlite_autoincrement=True,
    )
    _index("oauth_apps", "owner_id")


def _oauth_grants() -> None:
    op.create_table(
        "oauth_grants",
        sa.Column("id", ID, nullable=False),
        sa.Column("app_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("org_ids", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("oauth_grants", "app_id", "oauth_apps"),
        _key("oauth_grants", "user_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_grants"),
        sqlite_autoincrement=True,
    )
    _index("oauth_grants", "app_id")
    _index("oauth_grants", "user_id")


def _oauth_refresh_tokens() -> None:
    op.create_table(
        "oauth_refresh_tokens",
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        _key("oauth_refresh_tokens", "grant_id", "oauth_grants"),
        sa.PrimaryKeyConstraint("secret_sha256", name="pk_oauth_refresh_tokens"),
    )
    _index("oauth_refresh_tokens", "expires_at")
    _index("oauth_refresh_tokens", "grant_id")


def _oauth_codes() -> None:
    op.create_table(
        "oauth_codes",
        sa.Column("code_sha256", sa.String(64), nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(43), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("auth_time", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        _key("oauth_codes", "grant_id", "oauth_grants"),
        sa.PrimaryKeyConstraint("code_sha256", name="pk_oauth_codes"),
    )
    _index("oauth_codes", "expires_at")
    _index("oauth_codes", "grant_id")


def _oauth_devices() -> None:
    op.create_table(
        "oauth_devices",
        sa.Column("device_sha256", sa.String(64), nullable=False),
        sa.Column("user_code", sa.String(8), nullable=False),
        sa.Column("app_id", ID, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("polled_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        _key("oauth_devices", "app_id", "oauth_apps"),
        _key("oauth_devices", "grant_id", "oauth_grants"),
        sa.PrimaryKeyConstraint("device_sha256", name="pk_oauth_devices"),
        sa.UniqueConstraint("user_code", name="uq_oauth_devices_user_code"),
    )
    _index("oauth_devices", "app_id")
    _index("oauth_devices", "expires_at")
    _index("oauth_devices", "grant_id")


def _app_repositories() -> None:
    op.create_table(
        "app_repositories",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("app_id", ID, nullable=False),
        _key("app_repositories", "repo_id", "repositories"),
        _key("app_repositories", "app_id", "oauth_apps"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_app_repositories"),
    )
    _index("app_repositories", "app_id")


def _trusted_publishers() -> None:
    op.create_table(
        "trusted_publishers",
        sa.Column("id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("trusted_publishers", "repo_id", "repositories"),
        _key("trusted_publishers", "user_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_trusted_publishers"),
        sqlite_autoincrement=True,
    )
    _index("trusted_publishers", "repo_id")
    _index("trusted_publishers", "user_id")


def _resource_groups() -> None:
    op.create_table(
        "resource_groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("org_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("auto_join_role", sa.String(12), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("resource_groups", "org_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_resource_groups"),
        sa.UniqueConstraint("org_id", "key", name="uq_resource_groups_org_id_key"),
        sa.UniqueConstraint("public_id", name="uq_resource_groups_public_id"),
        sqlite_autoincrement=True,
    )


def _resource_group_members() -> None:
    op.create_table(
        "resource_group_members",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=True),
        _key("resource_group_members", "group_id", "resource_groups"),
        _key("resource_group_members", "user_id", "accounts"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_resource_group_members"),
    )
    _index("resource_group_members", "user_id")


def _resource_group_repositories() -> None:
    op.create_table(
        "resource_group_repositories",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("added_by", sa.Text(), nullable=True),
        _key("resource_group_repositories", "repo_id", "repositories"),
        _key("resource_group_repositories", "group_id", "resource_groups"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_resource_group_repositories"),
    )
    _index("resource_group_repositories", "group_id")


def _space_settings() -> None:
    op.create_table(
        "space_settings",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("key", sa.String(256), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        _key("space_settings", "repo_id", "repositories"),
        sa.PrimaryKeyConstraint("repo_id", "kind", "key", name="pk_space_settings"),
    )
