"""Who refers to blobs: found in the tables themselves, so that nobody can be forgotten.

Every column whose name ends in ``sha256`` is taken for a blob's digest, unless it says that it is
none (``info={"names_blob": False}``). So a new noun that keeps digests of its blobs protects them
without doing anything, and one that keeps other digests loses nothing but a little time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from paddock.hub.schema import metadata
from paddock.hub.tables import large_files
from paddock.storage.sql import in_chunks


def naming_columns() -> list[sa.Column[Any]]:
    """Every column that may name a blob."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("sha256") and column.info.get("names_blob", True)
    ]


def named(conn: sa.Connection, sha256s: Sequence[str]) -> set[str]:
    """Those of the blobs that any row names."""
    found: set[str] = set()
    for some in in_chunks(sorted(set(sha256s))):
        for column in naming_columns():
            query = sa.select(column).where(column.in_(some), only_blobs(column))
            found.update(conn.execute(query).scalars())
    return found


def only_blobs(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Which rows of the column's table name a blob there: a Xet file has none of its digest."""
    return large_files.c.is_blob if column is large_files.c.sha256 else sa.true()
