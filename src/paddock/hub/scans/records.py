"""Verdicts as rows: read for many files at once, and written.

Knows no bytes and no callers. A row is replaced by what a later scan says of the same content under
the same name; nothing else changes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.checkpoint.scan.report import ScannedFile
from paddock.hub.scans.tables import file_scans
from paddock.hub.scans.verdicts import UNSCANNED, Known, chosen, name_of, to_reasons
from paddock.hub.types import FileEntry
from paddock.storage.sql import in_chunks

ByName = dict[str, Known]


def known_of(conn: sa.Connection, etags: Iterable[str]) -> dict[str, ByName]:
    """What is known of contents, by the names that they have or had anywhere."""
    found: dict[str, ByName] = defaultdict(dict)
    for some in in_chunks(sorted(set(etags))):
        query = sa.select(file_scans).where(file_scans.c.etag.in_(some))
        for row in conn.execute(query):
            found[row.etag][row.name] = _to_known(row)
    return found


def verdicts_on(conn: sa.Connection, entries: Iterable[FileEntry]) -> dict[str, Known]:
    """The verdicts that count for files, by path; those that wait for their scan are left out."""
    asked = list(entries)
    known = known_of(conn, (entry.etag for entry in asked))
    found = {e.path: chosen(known.get(e.etag, {}), name_of(e.path)) for e in asked}
    return {path: one for path, one in found.items() if one is not None}


def write(conn: sa.Connection, found: Sequence[tuple[str, ScannedFile]], scanner: str) -> None:
    """Keep what a scan said of contents, each by its etag and under the name in its report."""
    before = known_of(conn, (etag for etag, _ in found))
    rows = [
        {
            "etag": etag,
            "name": name_of(file.path),
            "verdict": str(file.verdict),
            "kind": file.kind[:40],
            "reasons": [list(reason) for reason in file.reasons],
            "note": None,
            "scanner": scanner,
            "attempts": _attempts(before.get(etag, {}).get(name_of(file.path)), scanner),
            "scanned_at": clock.now(),
        }
        for etag, file in found
    ]
    _upsert(conn, rows)


def note_unscanned(conn: sa.Connection, etag: str, name: str, why: str, scanner: str) -> None:
    """A content could not be looked at. What was found in it before stays, if anything was."""
    present = known_of(conn, [etag]).get(etag, {}).get(name)
    if present is not None and present.verdict != UNSCANNED:
        return
    row: dict[str, Any] = {"etag": etag, "name": name, "verdict": UNSCANNED, "kind": ""}
    row |= {"reasons": [], "note": why, "scanner": scanner, "attempts": 1}
    _upsert(conn, [{**row, "scanned_at": clock.now()}])


def _attempts(before: Known | None, scanner: str) -> int:
    return 1 if before is None or before.scanner != scanner else before.attempts + 1


def _upsert(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(file_scans)
    key = ("etag", "name")
    changed = {c.name: insert.excluded[c.name] for c in file_scans.c if c.name not in key}
    ordered = sorted(rows, key=lambda row: (row["etag"], row["name"]))
    conn.execute(insert.on_conflict_do_update(index_elements=key, set_=changed), ordered)


def _to_known(row: sa.Row[Any]) -> Known:
    return Known(
        row.name,
        row.verdict,
        row.kind,
        to_reasons(row.reasons),
        row.note,
        row.scanner,
        row.attempts,
        row.scanned_at,
    )
