"""The repositories on which a person is a collaborator, as they themselves see them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access, lookup
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, Repository


class Shared(NamedTuple):
    """A repository, and what the person may do with it until when."""

    repo: Repository
    role: str
    expires_at: datetime | None


def list_shared(conn: sa.Connection, caller: Caller, part: Part) -> Page[Shared]:
    """The latest first, without those whose role has ended; raises BadInput for a bad cursor."""
    user, c = access.require_user(caller), collaborators.c
    query = (
        sa.select(repositories, c.role, c.expires_at)
        .join(collaborators, c.repo_id == repositories.c.id)
        .where(c.user_id == user.id, sa.or_(c.expires_at.is_(None), c.expires_at > clock.now()))
        .where(access.visible_to(caller))
    )
    return read_page(conn, query, Order((c.id,), (int,)), part, _to_shared)


def _to_shared(row: sa.RowMapping) -> Shared:
    c = collaborators.c
    return Shared(lookup.to_repository(row), row[c.role], row[c.expires_at])
