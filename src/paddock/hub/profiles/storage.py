"""What a namespace's repositories take, one by one: for those whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.large import usage
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Kind


@dataclass(frozen=True, slots=True)
class Stored:
    """A repository and its share of what the namespace holds."""

    kind: Kind
    full_name: str
    is_private: bool
    updated_at: datetime
    size_bytes: int
    percent: float


def stored_page(
    conn: sa.Connection, caller: Caller, namespace: Account, part: Part
) -> Page[Stored]:
    """What the caller may see of it, the latest first; raises BadInput for a bad cursor."""
    c = repositories.c
    query = sa.select(c.id, c.kind, c.full_name, c.is_private, c.updated_at).where(
        c.namespace_id == namespace.id, access.visible_to(caller)
    )
    page = read_page(conn, query, Order((c.updated_at, c.id)), part, lambda row: row)
    sizes = usage.of_repositories(conn, [row[c.id] for row in page.items])
    total = usage.of_namespace(conn, namespace.id).used_bytes
    found = [
        Stored(
            kind=Kind(row[c.kind]),
            full_name=row[c.full_name],
            is_private=row[c.is_private],
            updated_at=row[c.updated_at],
            size_bytes=sizes[row[c.id]],
            percent=round(100 * sizes[row[c.id]] / total, 2) if total else 0.0,
        )
        for row in page.items
    ]
    return Page(found, page.next_cursor)
