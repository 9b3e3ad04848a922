"""Tables as digests: two databases of one kind are equal when all fingerprints are.

A fingerprint is the sum of the SHA-256 of every row, so that the order of rows does not matter and
no table needs to be sorted; with it goes their number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from paddock.hub.schema import metadata

_AT_ONCE = 2000


def table_names() -> list[str]:
    """Every table of the hub, those that others refer to first."""
    return [str(table.name) for table in metadata.sorted_tables]


def fingerprints(conn: sa.Connection, names: Iterable[str]) -> dict[str, list[Any]]:
    """Name -> number of rows, and their fingerprint."""
    return {name: _fingerprint(conn, name) for name in names}


def _fingerprint(conn: sa.Connection, name: str) -> list[Any]:
    columns = sorted(column.name for column in metadata.tables[name].columns)
    listed = ", ".join(f'"{column}"' for column in columns)
    statement = f'SELECT {listed} FROM "{name}"'  # noqa: S608  (names of our own tables)
    total, count = 0, 0
    pieces = {"yield_per": _AT_ONCE}
    with conn.exec_driver_sql(statement, execution_options=pieces) as rows:
        for row in rows:
            plain = tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
            digest = hashlib.sha256(repr(plain).encode("utf-8", "surrogatepass")).digest()
            total = (total + int.from_bytes(digest, "big")) % 2**256
            count += 1
    return [count, f"{total:064x}"]
