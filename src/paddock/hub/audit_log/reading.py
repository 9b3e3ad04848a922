"""Entries of the log: in pages by filters, and one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.entries import Entry
from paddock.hub.audit_log.tables import audit_log
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.storage.database import Reads

_AT_ONCE = 1000
_c = audit_log.c


class Filters(NamedTuple):
    """Which entries; None is all."""

    act: str | None = None  # a code, or what codes begin with before their point
    actor_id: int | None = None
    repo_id: int | None = None
    account_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_entries(conn: sa.Connection, filters: Filters, part: Part) -> Page[Entry]:
    """The latest first; raises BadInput for an act that is none, or a cursor of another list."""
    query = sa.select(audit_log).where(*_conditions(filters))
    return read_page(conn, query, Order((_c.seq,), (int,)), part, _entry)


def every_entry(reads: Reads, first: int = 1) -> Iterator[Entry]:
    """From a number on, in order; each piece in a transaction of its own, for nothing changes."""
    while True:
        query = sa.select(audit_log).where(_c.seq >= first).order_by(_c.seq).limit(_AT_ONCE)
        with reads.read() as conn:
            found = [_entry(row) for row in conn.execute(query).mappings()]
        if not found:
            return
        yield from found
        first = found[-1].seq + 1


def first_since(conn: sa.Connection, moment: datetime) -> int | None:
    """The number of the first entry at or after a moment; None where there is none."""
    found: int | None = conn.scalar(sa.select(sa.func.min(_c.seq)).where(_c.happened_at >= moment))
    return found


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.act:
        codes = [a.value for a in Act if filters.act in (a.value, a.value.partition(".")[0])]
        if not codes:
            raise BadInput(f"no act is named {shown(filters.act)}", hint="choose one of the list")
        found.append(_c.act.in_(codes))
    for column, wanted in (
        (_c.actor_id, filters.actor_id),
        (_c.repo_id, filters.repo_id),
        (_c.account_id, filters.account_id),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if filters.since is not None:
        found.append(_c.happened_at >= filters.since)
    if filters.until is not None:
        found.append(_c.happened_at <= filters.until)
    return found


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(**{name: row[name] for name in audit_log.c.keys()})  # noqa: SIM118
