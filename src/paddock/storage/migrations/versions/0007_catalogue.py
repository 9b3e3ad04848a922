"""The tables of catalogue: counts by day, orders by visibility, names found by their parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERS = ("updated_at", "created_at", "downloads", "likes", "trending")


def upgrade() -> None:
    _columns()
    _indices()
    _downloads()
    if op.get_bind().dialect.name == "sqlite":
        _search_on_sqlite()
    else:
        _search_on_postgresql()


def _columns() -> None:
    zero = sa.text("0")
    op.add_column(
        "repositories",
        sa.Column("downloads_all_time", sa.BigInteger(), server_default=zero, nullable=False),
    )
    op.add_column(
        "repositories", sa.Column("trending", sa.Integer(), server_default=zero, nullable=False)
    )
    op.add_column("repositories", sa.Column("parameters", sa.BigInteger(), nullable=True))
    op.execute("UPDATE repositories SET downloads_all_time = downloads")


def _indices() -> None:
    for order in ORDERS[:-1]:
        op.drop_index(f"ix_repositories_kind_{order}_id", "repositories")
    for order in ORDERS:
        columns = ["kind", "is_private", order, "id"]
        op.create_index(f"ix_repositories_{'_'.join(columns)}", "repositories", columns)
    op.drop_index("ix_repositories_namespace_id", "repositories")
    for columns in (
        ["namespace_id", "kind", "is_private"],
        ["kind", "gated"],
        ["kind", "parameters"],
    ):
        op.create_index(f"ix_repositories_{'_'.join(columns)}", "repositories", columns)


def _downloads() -> None:
    op.create_table(
        "download_marks",
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("window", "repo_id", "client", name="pk_download_marks"),
    )
    op.create_table(
        "repository_downloads",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_id"],
            ["repositories.id"],
            name="fk_repository_downloads_repo_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_id", "day", name="pk_repository_downloads"),
    )
    op.create_index("ix_repository_downloads_day", "repository_downloads", ["day"])


def _search_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE repository_search USING fts5("
        "key, content='repositories', content_rowid='id', tokenize='trigram')"
    )
    op.execute("INSERT INTO repository_search(repository_search) VALUES ('rebuild')")
    forget = (
        "INSERT INTO repository_search(repository_search, rowid, key) "
        "VALUES ('delete', old.id, old.key); "
    )
    add = "INSERT INTO repository_search(rowid, key) VALUES (new.id, new.key); "
    for event, change in (("INSERT", add), ("DELETE", forget), ("UPDATE OF key", forget + add)):
        name = f"repository_search_{event.split()[0].lower()}"
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON repositories BEGIN {change.rstrip()} END"
        )


def _search_on_postgresql() -> None:
    """With ``pg_trgm`` where the server has it and lets us, else without."""
    op.execute(
        """
        DO $$ BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE INDEX repository_search ON repositories USING gin (key gin_trgm_ops);
        EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported
            OR undefined_object THEN
            RAISE NOTICE 'paddock: without pg_trgm, searches look at every name';
        END $$
        """
    )
