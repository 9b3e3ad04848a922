"""How far a fine-grained token reaches: the repositories and namespaces that it covers.

Knows permissions and where repositories are; does not know what its user may do, which bounds it as
well (``hub.access``). A caller without a fine-grained token is not bounded here.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.groups.roles import group_of
from paddock.hub.groups.tables import resource_group_repositories
from paddock.hub.oauth.tables import app_repositories
from paddock.hub.people import scopes
from paddock.hub.people.scopes import ACCOUNT, GROUP, REPOSITORY, Entity, Scopes
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Repository

TO_READ = frozenset({scopes.READ, scopes.WRITE_CONTENT, scopes.WRITE})
TO_WRITE = frozenset({scopes.WRITE_CONTENT, scopes.WRITE})
TO_OWN = frozenset({scopes.WRITE})


def covers(conn: sa.Connection, caller: Caller, repo: Repository, wanted: frozenset[str]) -> bool:
    """Whether the caller's token reaches this repository with one of the permissions."""
    bounds = caller.scopes
    if bounds is None:
        return True
    entities: list[Entity] = [(REPOSITORY, repo.id), (ACCOUNT, repo.namespace_id)]
    if any(kind == GROUP for kind, _ in bounds.on):
        entities.append((GROUP, group_of(conn, repo.id) or 0))
    if bounds.holds_any(wanted, *entities):
        return True
    return bounds.holds(scopes.CONTRIBUTE, *entities) and _made_by_app(conn, bounds, repo)


def covered_by(bounds: Scopes) -> sa.ColumnElement[bool]:
    """``covers`` to read, as a condition."""
    if bounds.everywhere & TO_READ:
        return sa.true()
    repo, grouped = repositories.c, resource_group_repositories.c
    groups = bounds.entities_with(GROUP, TO_READ)
    in_groups = sa.select(grouped.repo_id).where(grouped.group_id.in_(groups))
    made = sa.select(app_repositories.c.repo_id).where(app_repositories.c.app_id == bounds.app_id)
    contributes = bounds.entities_with(ACCOUNT, {scopes.CONTRIBUTE})
    return sa.or_(
        repo.id.in_(bounds.entities_with(REPOSITORY, TO_READ)),
        repo.namespace_id.in_(bounds.entities_with(ACCOUNT, TO_READ)),
        repo.id.in_(in_groups) if groups else sa.false(),
        sa.and_(repo.namespace_id.in_(contributes), repo.id.in_(made)),
    )


def _made_by_app(conn: sa.Connection, bounds: Scopes, repo: Repository) -> bool:
    c = app_repositories.c
    query = sa.select(c.app_id).where(c.repo_id == repo.id)
    return bounds.app_id is not None and conn.scalar(query) == bounds.app_id


def covers_namespace(caller: Caller, account: Account, group_id: int | None) -> bool:
    bounds = caller.scopes
    if bounds is None:
        return True
    entities: list[Entity] = [(ACCOUNT, account.id)]
    if group_id is not None:
        entities.append((GROUP, group_id))
    return bounds.holds_any({scopes.WRITE, scopes.CONTRIBUTE}, *entities)
