"""The repositories in a resource group: each is in one at the most, of its own organisation.

Knows rows; who may change them was asked by whoever calls.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub import access, lookup
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.groups.groups import Group
from paddock.hub.groups.tables import resource_group_repositories
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Repository


def repositories_of(conn: sa.Connection, caller: Caller, group: Group) -> list[Repository]:
    """The group's repositories that the caller may see, by name."""
    c = resource_group_repositories.c
    query = (
        sa.select(repositories)
        .join(resource_group_repositories, c.repo_id == repositories.c.id)
        .where(c.group_id == group.id, access.visible_to(caller))
        .order_by(repositories.c.key, repositories.c.kind)
    )
    return [lookup.to_repository(row) for row in conn.execute(query).mappings()]


def put_repository(
    conn: sa.Connection, group: Group, repo: Repository, added_by: Account | None
) -> None:
    """Put a repository of the organisation into the group, out of any other."""
    if repo.namespace_id != group.org_id:
        raise BadInput(f"{repo.full_name} is not a repository of the group's organization")
    take_out_repository(conn, repo)
    by = added_by.name if added_by else None
    values = {"repo_id": repo.id, "group_id": group.id, "added_by": by}
    conn.execute(resource_group_repositories.insert().values(**values))
    note(conn, Act.ORG_GROUP, repo=repo, group=group.public_id)


def take_out_repository(conn: sa.Connection, repo: Repository) -> None:
    """Let a repository be in no group; nothing happens when it is in none."""
    c = resource_group_repositories.c
    conn.execute(resource_group_repositories.delete().where(c.repo_id == repo.id))
    note(conn, Act.ORG_GROUP, repo=repo, what="remove")
