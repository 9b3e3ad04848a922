"""The tables of social: likes, profiles, follows, collections, requests for access, tag counts."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
PUBLIC_ID = sa.String(24)
_ROWS_AT_ONCE = 500


def upgrade() -> None:
    _likes()
    _people()
    _collections()
    _collection_items()
    _collection_upvotes()
    _tags()
    _access_grants()


def _account(table: str, column: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return _key(table, column, "accounts", ondelete)


def _key(table: str, column: str, to: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _likes() -> None:
    op.create_table(
        "likes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("likes", "repo_id", "repositories"),
        _account("likes", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "repo_id", name="pk_likes"),
    )
    _index("likes", "repo_id", "created_at", "user_id")
    _index("likes", "user_id", "created_at", "repo_id")
    _index("likes", "created_at", "repo_id")


def _people() -> None:
    op.create_table(
        "profiles",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("github", sa.String(64), nullable=True),
        _account("profiles", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_profiles"),
    )
    op.create_table(
        "avatars",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("media_type", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _account("avatars", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_avatars"),
    )
    op.create_table(
        "follows",
        sa.Column("follower_id", ID, nullable=False),
        sa.Column("followed_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _account("follows", "followed_id"),
        _account("follows", "follower_id"),
        sa.PrimaryKeyConstraint("follower_id", "followed_id", name="pk_follows"),
    )
    _index("follows", "followed_id", "created_at", "follower_id")
    _index("follows", "follower_id", "created_at", "followed_id")


def _collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", PUBLIC_ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("creator_id", ID, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(8), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=False),
        sa.Column("resource_group_id", PUBLIC_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _account("collections", "creator_id", "SET NULL"),
        _account("collections", "owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("owner_id", "key", name="uq_collections_owner_id_key"),
        sa.UniqueConstraint("public_id", name="uq_collections_public_id"),
        sqlite_autoincrement=True,
    )
    _index("collections", "owner_id", "position")
    _index("collections", "updated_at", "id")
    _index("collections", "upvotes", "id")
    _index("collections", "creator_id")


def _collection_items() -> None:
    table = "collection_items"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", PUBLIC_ID, nullable=False),
        sa.Column("collection_id", ID, nullable=False),
        sa.Column("repo_id", ID, nullable=True),
        sa.Column("nested_id", ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _key(table, "collection_id", "collections"),
        _key(table, "nested_id", "collections"),
        _key(table, "repo_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_collection_items"),
        sa.UniqueConstraint(
            "collection_id", "nested_id", name="uq_collection_items_collection_id_nested_id"
        ),
        sa.UniqueConstraint(
            "collection_id", "repo_id", name="uq_collection_items_collection_id_repo_id"
        ),
        sa.UniqueConstraint("public_id", name="uq_collection_items_public_id"),
        sqlite_autoincrement=True,
    )
    _index(table, "collection_id", "position")
    _index(table, "repo_id")
    _index(table, "nested_id")


def _collection_upvotes() -> None:
    op.create_table(
        "collection_upvotes",
        sa.Column("collection_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key("collection_upvotes", "collection_id", "collections"),
        _account("collection_upvotes", "user_id"),
        sa.PrimaryKeyConstraint("collection_id", "user_id", name="pk_collection_upvotes"),
    )
    _index("collection_upvotes", "user_id")
    _index("collection_upvotes", "created_at", "collection_id")


def _tags() -> None:
    op.create_table(
        "tag_counts",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("tag", sa.String(256), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("repositories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "tag", name="pk_tag_counts"),
    )
    _index("tag_counts", "kind", "type", "repositories", "tag")
    op.create_table(
        "tag_counting",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_tag_counting"),
    )


def _access_grants() -> None:
    """A grant becomes a request with an id and a history: the table is made anew, rows kept."""
    conn = op.get_bind()
    old = sa.table("access_grants", *(sa.column(n) for n in ("repo_id", "user_id", "status")))
    old.append_column(sa.column("created_at", MOMENT))
    kept = [dict(row) for row in conn.execute(sa.select(old)).mappings()]
    op.drop_table("access_grants")
    new = op.create_table(
        "access_grants",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("public_id", PUBLIC_ID, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("is_email_shared", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.Column("reviewed_at", MOMENT, nullable=True),
        sa.Column("reviewer_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _key("access_grants", "repo_id", "repositories"),
        _account("access_grants", "reviewer_id", "SET NULL"),
        _account("access_grants", "user_id"),
        sa.PrimaryKeyConstraint("repo_id", "user_id", name="pk_access_grants"),
        sa.UniqueConstraint("public_id", name="uq_access_grants_public_id"),
    )
    _index("access_grants", "repo_id", "status", "created_at", "user_id")
    _index("access_grants", "user_id")
    _index("access_grants", "reviewer_id")
    for row in kept:
        row |= {"public_id": secrets.token_hex(12), "is_email_shared": False}
    for start in range(0, len(kept), _ROWS_AT_ONCE):
        op.bulk_insert(new, kept[start : start + _ROWS_AT_ONCE])
