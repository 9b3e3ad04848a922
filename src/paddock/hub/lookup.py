"""Finding a repository's row by name or id, and the value it becomes.

Knows nothing of who asks: ``access`` decides whether the caller may know what was found.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import redirects, repositories
from paddock.hub.types import Kind, Repository

_BY_NAME = sa.select(repositories).where(
    repositories.c.kind == sa.bindparam("kind"), repositories.c.key == sa.bindparam("key")
)


def find_repository(conn: sa.Connection, name: RepositoryName) -> Repository | None:
    """The repository that has this name now, in any case."""
    if not is_askable(name.key):
        return None
    row = conn.execute(_BY_NAME, {"kind": name.kind, "key": name.key}).mappings().one_or_none()
    return to_repository(row) if row else None


def find_moved(conn: sa.Connection, name: RepositoryName) -> Repository | None:
    """The repository that used to have this name."""
    if not is_askable(name.key):
        return None
    query = (
        sa.select(repositories)
        .join(redirects, redirects.c.repo_id == repositories.c.id)
        .where(redirects.c.kind == name.kind, redirects.c.key == name.key)
    )
    row = conn.execute(query).mappings().one_or_none()
    return to_repository(row) if row else None


def repository_by_id(conn: sa.Connection, repo_id: int) -> Repository:
    """The repository of a row's foreign key."""
    query = sa.select(repositories).where(repositories.c.id == repo_id)
    return to_repository(conn.execute(query).mappings().one())


def lock_repository(conn: sa.Connection, repo: Repository) -> None:
    """Wait until no other transaction writes to this repository, and keep them waiting."""
    row = sa.select(repositories.c.id).where(repositories.c.id == repo.id).with_for_update()
    conn.execute(row)


def to_repository(row: sa.RowMapping) -> Repository:
    """A repository from its row; a listing may leave the card out, which can be long."""
    column = repositories.c
    return Repository(
        id=row[column.id],
        public_id=row[column.public_id],
        kind=Kind(row[column.kind]),
        namespace_id=row[column.namespace_id],
        full_name=row[column.full_name],
        is_private=row[column.is_private],
        gated=row[column.gated],
        sdk=row[column.sdk],
        created_at=row[column.created_at],
        updated_at=row[column.updated_at],
        downloads=row[column.downloads],
        likes=row[column.likes],
        head_oid=row[column.head_oid],
        card=row.get(column.card),
        facts=row[column.facts],
        downloads_all_time=row[column.downloads_all_time],
        trending=row[column.trending],
        creator_id=row[column.creator_id],
        is_invited=row[column.is_invited],
    )
