"""The database: SQLite in WAL mode by default, PostgreSQL by URL. One engine a process.

Knows connections and transactions; does not know any table. A function that needs rows takes a
``Connection``, and whoever calls it opens the transaction: ``database.read()`` or
``database.write()``. A write transaction on SQLite takes the write lock at once (BEGIN IMMEDIATE),
so that it waits for its turn at the beginning rather than failing in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class Database:
    """Connections to one database."""

    def __init__(self, url: str) -> None:
        self.engine: sa.Engine = sa.create_engine(url)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view; nothing is written."""
        with self.engine.connect() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """All or nothing: committed, durably, when the block ends without an error."""
        with self.engine.begin() as conn:
            yield conn
