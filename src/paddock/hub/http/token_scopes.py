"""Scopes of fine-grained tokens as the Hub writes them, to and from what is kept.

Knows names on the wire: ``{"entity": {"type", "name"}, "permissions": […]}``. A scope can only be
made for what its user sees: their own account, their organisations and groups, and repositories.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field

from paddock.errors import BadInput, Forbidden, shown
from paddock.hub import access, names
from paddock.hub.groups.groups import open_group
from paddock.hub.groups.tables import resource_groups
from paddock.hub.people import accounts, scopes
from paddock.hub.people.scopes import ACCOUNT, GROUP, REPOSITORY, Entity, Scopes
from paddock.hub.tables import accounts as account_rows
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, Kind, Need

_TYPES = "user, org, resource-group, model, dataset, space, kernel"


class EntityBody(BaseModel):
    type: str = Field(max_length=20)
    name: str = Field(default="", max_length=200)


class ScopedBody(BaseModel):
    entity: EntityBody
    permissions: list[str] = Field(max_length=scopes.MAX_PERMISSIONS)


class ScopesBody(BaseModel):
    """What a fine-grained token shall be allowed."""

    everywhere: list[str] = Field(default_factory=list, alias="global", max_length=100)
    scoped: list[ScopedBody] = Field(default_factory=list, max_length=scopes.MAX_ENTITIES)
    reads_gated: bool = Field(default=False, alias="canReadGatedRepos")


def read(conn: sa.Connection, caller: Caller, body: ScopesBody) -> Scopes:
    """As it is kept; raises BadInput, Forbidden, and what ``open_repository`` raises."""
    everywhere = scopes.check_permissions(body.everywhere)
    for permission in everywhere - scopes.GLOBAL_PERMISSIONS:
        hint = "give it on an entity: a user, an organization, a repository"
        raise BadInput(f"{shown(permission)} cannot be given everywhere", hint=hint)
    on: dict[Entity, frozenset[str]] = {}
    for scoped in body.scoped:
        entity = _entity(conn, caller, scoped.entity)
        on[entity] = on.get(entity, frozenset()) | scopes.check_permissions(scoped.permissions)
    return Scopes(everywhere, on, body.reads_gated)


def render(conn: sa.Connection, bounds: Scopes) -> dict[str, Any]:
    """As the Hub writes it; what is gone by now is left out."""
    scoped = [
        {"entity": entity, "permissions": sorted(held)}
        for (kind, key), held in bounds.on.items()
        if (entity := _named(conn, kind, key)) is not None
    ]
    return {
        "global": sorted(bounds.everywhere),
        "scoped": scoped,
        "canReadGatedRepos": bounds.reads_gated,
    }


def _entity(conn: sa.Connection, caller: Caller, body: EntityBody) -> Entity:
    user = access.require_user(caller)
    if body.type == "user":
        if body.name and body.name.lower() != user.name.lower():
            raise Forbidden("a token is for its user's own account")
        return ACCOUNT, user.id
    if body.type == "org":
        org = accounts.get_account(conn, body.name, kind="org")
        if accounts.role_in(conn, org.id, user) is None:
            raise Forbidden(f"you are not a member of {org.name}")
        return ACCOUNT, org.id
    if body.type == "resource-group":
        org_name, _, group_id = body.name.partition("/")
        org = accounts.get_account(conn, org_name, kind="org")
        return GROUP, open_group(conn, caller, org, group_id).id
    if body.type not in set(Kind):
        raise BadInput(f"{shown(body.type)} is no kind of entity", hint=f"one of {_TYPES}")
    name = names.parse_repository_name(Kind(body.type), body.name)
    return REPOSITORY, access.open_repository(conn, caller, name, Need.METADATA).id


def _named(conn: sa.Connection, kind: str, key: int) -> dict[str, str] | None:
    if kind == ACCOUNT:
        a = account_rows.c
        query = sa.select(a.public_id, a.kind, a.name).where(a.id == key)
    elif kind == GROUP:
        g = resource_groups.c
        group = sa.literal("resource-group")
        query = sa.select(g.public_id, group.label("kind"), g.name).where(g.id == key)
    else:
        r = repositories.c
        query = sa.select(r.public_id, r.kind, r.full_name.label("name")).where(r.id == key)
    row = conn.execute(query).one_or_none()
    return row and {"_id": row.public_id, "type": str(row.kind), "name": row.name}
