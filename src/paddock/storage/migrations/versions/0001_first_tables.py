"""The first tables of the hub.

Written out, not taken from the code of today: a database of any age must take the same path.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OID = sa.String(40)
SHA256 = sa.String(64)


def upgrade() -> None:
    _accounts()
    _large_files()
    _server_secrets()
    _xet_files()
    _xorbs()
    _memberships()
    _repositories()
    _tokens()
    _access_grants()
    _commits()
    _git_objects()
    _redirects()
    _refs()
    _repository_large_files()
    _repository_tags()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("private_by_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("key", name="uq_accounts_key"),
        sa.UniqueConstraint("public_id", name="uq_accounts_public_id"),
        sqlite_autoincrement=True,
    )


def _large_files() -> None:
    op.create_table(
        "large_files",
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("is_blob", sa.Boolean(), nullable=False),
        sa.Column("xet_hash", SHA256, nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_large_files"),
    )


def _server_secrets() -> None:
    op.create_table(
        "server_secrets",
        sa.Column("name", OID, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_secrets"),
    )


def _xet_files() -> None:
    op.create_table(
        "xet_files",
        sa.Column("hash", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_xet_files"),
    )
    op.create_index("ix_xet_files_sha256", "xet_files", ["sha256"])


def _xorbs() -> None:
    op.create_table(
        "xorbs",
        sa.Column("hash", SHA256, nullable=False),
        sa.Column("blob_sha256", SHA256, nullable=False),
        sa.Column("serialized_bytes", sa.Integer(), nullable=False),
        sa.Column("unpacked_bytes", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_xorbs"),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("org_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["accounts.id"], name="fk_memberships_org_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name="fk_memberships_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])


def _repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("namespace_id", ID, nullable=False),
        sa.Column("creator_id", ID, nullable=True),
        sa.Column("full_name", sa.String(length=193), nullable=False),
        sa.Column("key", sa.String(length=193), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("gated", sa.String(length=6), nullable=True),
        sa.Column("sdk", sa.String(length=16), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("head_oid", OID, nullable=True),
        sa.Column("card", sa.JSON(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["accounts.id"], name="fk_repositories_creator_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["namespace_id"], ["accounts.id"], name="fk_repositories_namespace_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
        sa.UniqueConstraint("kind", "key", name="uq_repositories_kind_key"),
        sa.UniqueConstraint("public_id", name="uq_repositories_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_repositories_kind_created_at_id", "repositories", ["kind", "created_at", "id"]
    )
    op.create_index(
        "ix_repositories_kind_downloads_id", "repositories", ["kind", "downloads", "id"]
    )
    op.create_index("ix_repositories_kind_likes_id", "repositories", ["kind", "likes", "id"])
    op.create_index(
        "ix_repositories_kind_updated_at_id", "repositories", ["kind", "updated_at", "id"]
    )
    op.create_index("ix_repositories_namespace_id", "repositories", ["namespace_id"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=5), nullable=False),
        sa.Column("secret_sha256", SHA256, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name="fk_tokens_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("secret_sha256", name="uq_tokens_secret_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])


def _access_grants() -> None:
    op.create_table(
        "access_grants",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_access_grants_repo_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name="fk_access_grants_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "user_id", name="pk_access_grants"),
    )


def _commits() -> None:
    op.create_table(
        "commits",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("oid", OID, nullable=False),
        sa.Column("tree_oid", OID, nullable=False),
        sa.Column("parents", sa.Text(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("committed_at", MOMENT, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_commits_repo_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["accounts.id"], name="fk_commits_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("repo_id", "oid", name="pk_commits"),
    )


def _git_objects() -> None:
    op.create_table(
        "git_objects",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("oid", OID, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("blob_sha256", SHA256, nullable=True),
        sa.Column("lfs_sha256", SHA256, nullable=True),
        sa.Column("lfs_size_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_git_objects_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "oid", name="pk_git_objects"),
    )


def _redirects() -> None:
    op.create_table(
        "redirects",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=193), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_redirects_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_redirects"),
    )
    op.create_index("ix_redirects_repo_id", "redirects", ["repo_id"])


def _refs() -> None:
    op.create_table(
        "refs",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("oid", OID, nullable=False),
        sa.Column("commit_oid", OID, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_refs_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "name", name="pk_refs"),
    )


def _repository_large_files() -> None:
    op.create_table(
        "repository_large_files",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("pushed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"],
            ["repositories.id"],
            name="fk_repository_large_files_repo_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["large_files.sha256"], name="fk_repository_large_files_sha256"
        ),
        sa.PrimaryKeyConstraint("repo_id", "sha256", name="pk_repository_large_files"),
    )
    op.create_index("ix_repository_large_files_sha256", "repository_large_files", ["sha256"])


def _repository_tags() -> None:
    op.create_table(
        "repository_tags",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("tag", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"], ["repositories.id"], name="fk_repository_tags_repo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_id", "tag", name="pk_repository_tags"),
    )
    op.create_index("ix_repository_tags_tag_repo_id", "repository_tags", ["tag", "repo_id"])
