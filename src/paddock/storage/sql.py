"""Statements that both databases understand, in the sizes they accept.

Knows SQL dialects; does not know any table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

# Well below the fewest parameters of any SQLite (999) and few enough to plan quickly.
VALUES_PER_STATEMENT = 900

T = TypeVar("T")


def insert_ignore(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is new and leave the others as they are; all have the same columns.

    In the order of the primary key, so that two writers of the same keys wait and never deadlock.
    """
    if rows:
        conn.execute(_insert(conn, table).on_conflict_do_nothing(), _ordered(table, rows))


def insert_new(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    column: sa.Column[T],
) -> list[T]:
    """The same; gives that column of the rows that were new."""
    if not rows:
        return []
    insert = _insert(conn, table).on_conflict_do_nothing().returning(column)
    return list(conn.execute(insert, _ordered(table, rows)).scalars())


def in_chunks(values: Sequence[T], size: int = VALUES_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The values in pieces that fit into one ``IN (...)``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _insert(conn: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    return insert(table)


def _ordered(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    key = [column.key for column in table.primary_key if column.key in rows[0]]
    return [dict(row) for row in sorted(rows, key=lambda row: [row[name] for name in key])]
