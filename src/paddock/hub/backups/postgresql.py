"""A server's tables out of one snapshot, in PostgreSQL's own binary form; and back, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from paddock.hub.audit_log.tables import audit_log
from paddock.hub.backups.errors import NotEmpty
from paddock.hub.schema import metadata
from paddock.hub.tables import accounts

_PIECE_BYTES = 1 << 20


def copy_out(conn: sa.Connection, names: Iterable[str], folder: Path) -> None:
    """A file for each table; the connection is a read of one moment."""
    conn.execute(sa.text("SET LOCAL statement_timeout = 0"))
    raw: Any = conn.connection.dbapi_connection
    for name in names:
        statement = f"COPY {_with_columns(name)} TO STDOUT (FORMAT binary)"
        with (folder / f"{name}.copy").open("xb") as file, raw.cursor().copy(statement) as rows:
            for piece in rows:
                file.write(piece)


def copy_in(conn: sa.Connection, names: Iterable[str], folder: Path) -> None:
    """Fill the tables of a new database in one transaction; raises NotEmpty."""
    conn.execute(sa.text("SET LOCAL statement_timeout = 0"))
    raw: Any = conn.connection.dbapi_connection
    ordered = list(names)
    for table in (accounts, audit_log):
        if conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise NotEmpty("there is a hub in the database", hint="use an empty database")
    for name in reversed(ordered):  # what migrations put into a new database
        conn.execute(metadata.tables[name].delete())
    for name in ordered:
        statement = f"COPY {_with_columns(name)} FROM STDIN (FORMAT binary)"
        with (folder / f"{name}.copy").open("rb") as file, raw.cursor().copy(statement) as rows:
            while piece := file.read(_PIECE_BYTES):
                rows.write(piece)


def sequences(conn: sa.Connection, names: Iterable[str]) -> dict[str, list[Any]]:
    """Where the numbers of rows stand, so that none is given twice after a restore."""
    found = {}
    for name in names:
        if (sequence := _sequence(conn, name)) is not None:
            row = conn.execute(sa.text(f"SELECT last_value, is_called FROM {sequence}"))  # noqa: S608
            found[name] = list(row.one())
    return found


def set_sequences(conn: sa.Connection, wanted: dict[str, list[Any]]) -> None:
    """Let them go on where they stood."""
    for name, (last, is_called) in wanted.items():
        if name in metadata.tables and (sequence := _sequence(conn, name)) is not None:
            values = {"sequence": sequence, "last": int(last), "called": bool(is_called)}
            conn.execute(sa.text("SELECT setval(:sequence, :last, :called)"), values)


def _sequence(conn: sa.Connection, name: str) -> str | None:
    if "id" not in metadata.tables[name].columns:
        return None
    query = sa.select(sa.func.pg_get_serial_sequence(name, "id"))
    found: str | None = conn.execute(query).scalar()
    return found


def _with_columns(name: str) -> str:
    columns = ", ".join(f'"{column.name}"' for column in metadata.tables[name].columns)
    return f'"{name}" ({columns})'
