"""What this hub knows of the models that a tree reached: those that the reader may see.

Knows rows; a constant number of statements for any number of models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.lifecycle.tables import lifecycle_events
from paddock.hub.lineage.nodes import Known
from paddock.hub.releases.tables import released
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, Kind
from paddock.signing.events.event import Event, parse_event
from paddock.signing.events.standing import Standing, standing_of

MAX_EVENTS = 2000


def look_up(conn: sa.Connection, caller: Caller, names: Iterable[str]) -> dict[str, Known]:
    """By name in lower case, the models that are here and that the caller may see."""
    keys = sorted({name.lower() for name in names})
    if not keys:
        return {}
    r = repositories.c
    # The names first, by themselves: a planner that begins with what is public reads all of it.
    here = sa.select(r.id).where(r.kind == Kind.MODEL, r.key.in_(keys)).limit(len(keys)).subquery()
    query = (
        sa.select(
            r.id, r.full_name, r.downloads, r.is_private, r.gated,
            released.c.release, released.c.name, released.c.version,
        )
        .join(here, here.c.id == r.id)
        .outerjoin(released, released.c.repo_id == r.id)
        .where(access.visible_to(caller))
    )  # fmt: skip
    found = conn.execute(query).all()
    events = _events(conn, [row.id for row in found])
    known = {}
    for row in found:
        standing = Standing()
        if row.release is not None:
            standing = standing_of(
                events[row.id], release=row.release, name=row.name, version=row.version
            )
        ids = [e.advisory.id for e in standing.events if e.advisory is not None]
        known[row.full_name.lower()] = Known(
            row.id,
            row.full_name,
            row.downloads,
            row.is_private,
            row.gated,
            row.version,
            standing.state,
            tuple(dict.fromkeys(ids)),
        )
    return known


def _events(conn: sa.Connection, ids: Sequence[int]) -> dict[int, list[Event]]:
    c = lifecycle_events.c
    query = (
        sa.select(c.repo_id, c.payload)
        .where(c.repo_id.in_(ids), c.kind != "stage")
        .order_by(c.repo_id, c.number)
        .limit(MAX_EVENTS)
    )
    events: dict[int, list[Event]] = defaultdict(list)
    for repo_id, payload in conn.execute(query) if ids else ():
        events[repo_id].append(parse_event(payload.encode()))
    return events
