"""Fills the tables of an empty, migrated hub directly: a million repositories in minutes.

Secondary indices are dropped first and made again at the end, as their own definitions say; on
SQLite nothing is synced meanwhile. Only for measurements: nothing is checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.catalogue_rows import COLUMNS, Filed

_BATCH = 20_000


def fill(url: str, filed: Iterable[Filed]) -> None:
    """Write every row to the database of a stopped server."""
    if url.startswith("sqlite"):
        _fill_sqlite(sa.make_url(url).database or "", filed)
    else:
        _fill_postgresql(url, filed)


def _batches(filed: Iterable[Filed]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for table, row in filed:
        waiting[table].append(row)
        if len(waiting[table]) >= _BATCH:
            yield table, waiting[table]
            waiting[table] = []
    yield from waiting.items()


def _fill_sqlite(path: str, filed: Iterable[Filed]) -> None:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = OFF")
    for pragma in ("synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
        conn.execute(f"PRAGMA {pragma}")
    tables = ", ".join(f"'{name}'" for name in COLUMNS)
    kept = conn.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL "
        f"AND type IN ('index', 'trigger') AND tbl_name IN ({tables})"
    ).fetchall()
    conn.execute("BEGIN")
    for name, type_, _ in kept:
        conn.execute(f"DROP {type_} {name}")
    for table, rows in _batches(filed):
        marks = ", ".join("?" * len(COLUMNS[table]))
        columns = ", ".join(COLUMNS[table])
        conn.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",
            ([_to_sqlite(value) for value in row] for row in rows),
        )
    for _, _, sql in kept:
        conn.execute(sql)
    for table in ("repository_search", "repository_search_texts"):
        conn.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")
    conn.execute("COMMIT")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.close()


def _to_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):  # as SQLAlchemy writes it
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def _fill_postgresql(url: str, filed: Iterable[Filed]) -> None:
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as conn:
        conn.execute("SET session_replication_role = replica")  # references are right as they are
        conn.execute("SET maintenance_work_mem = '1GB'")
        kept = conn.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname "
            "NOT IN (SELECT conname FROM pg_constraint) AND schemaname = current_schema()",
            [list(COLUMNS)],
        ).fetchall()
        for name, _ in kept:
            conn.execute(f"DROP INDEX {name}".encode())
        for table, rows in _batches(filed):
            columns = ", ".join(COLUMNS[table])
            with conn.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        for _, definition in kept:
            conn.execute(definition.encode())
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
