"""What a namespace's repositories take, one by one: for those whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from paddock.hub import access, paging
from paddock.hub.large import usage
from paddock.hub.paging import Page
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
    conn: sa.Connection, caller: Caller, namespace: Account, limit: int, cursor: str | None
) -> Page[Stored]:
    """What the caller may see of it, the latest first; raises BadInput for a bad cursor."""
    c = repositories.c
    ends = (c.updated_at, c.id)
    query = (
        sa.select(c.id, c.kind, c.full_name, c.is_private, c.updated_at)
        .where(c.namespace_id == namespace.id, access.visible_to(caller))
        .order_by(*(end.desc() for end in ends))
        .limit(limit + 1)
    )
    if cursor is not None:
        place = paging.read_cursor(cursor, (datetime, int))
        query = query.where(paging.behind(ends, place, descending=True))
    rows = conn.execute(query).all()
    shown = rows[:limit]
    sizes = usage.of_repositories(conn, [row.id for row in shown])
    total = usage.of_namespace(conn, namespace.id).used_bytes
    found = [
        Stored(
            kind=Kind(row.kind),
            full_name=row.full_name,
            is_private=row.is_private,
            updated_at=row.updated_at,
            size_bytes=sizes[row.id],
            percent=round(100 * sizes[row.id] / total, 2) if total else 0.0,
        )
        for row in shown
    ]
    last = shown[-1] if len(rows) > limit else None
    return Page(found, paging.write_cursor((last.updated_at, last.id)) if last else None)
