"""Large files: each has a place where its bytes are, a blob or a Xet file of the same digest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa

from paddock.hub.fsck import concerns
from paddock.hub.fsck.checkers import Checking, keys
from paddock.hub.fsck.findings import Concerns, Fault
from paddock.hub.fsck.repairing import Repairs
from paddock.hub.tables import large_files, xet_files


def check_large(checking: Checking, after: str) -> Iterator[str]:
    """Every large file by digest; that its blob is there is checked with the blobs."""
    for sha256 in keys(checking.database, large_files.c.sha256, after):
        if (row := _nowhere(checking, sha256)) is not None:
            told = f"its Xet file {row.xet_hash} is not there, or has other bytes"
            if row.xet_hash is None:
                told = "the row says neither that it is a blob nor what its Xet file is"
            checking.report(
                Fault.FILE_NOWHERE,
                sha256,
                told,
                partial(_find, size_bytes=row.size_bytes, sha256=sha256),
                partial(_whose, sha256=sha256),
            )
        checking.add("large_files")
        yield sha256


def _nowhere(checking: Checking, sha256: str) -> sa.Row[Any] | None:
    """The row of a file that has no place."""
    query = sa.select(large_files).where(large_files.c.sha256 == sha256)
    form = sa.select(xet_files.c.sha256).where(
        xet_files.c.hash == large_files.c.xet_hash,
        xet_files.c.sha256 == large_files.c.sha256,
        xet_files.c.size_bytes == large_files.c.size_bytes,
    )
    no_form = ~form.correlate(large_files).exists()
    # A blob that has no Xet form yet gets one; one whose form is not there is wrong.
    is_nowhere = no_form & (~large_files.c.is_blob | large_files.c.xet_hash.is_not(None))
    with checking.database.read() as conn:
        return conn.execute(query.where(is_nowhere)).one_or_none()


def _find(repairs: Repairs, sha256: str, size_bytes: int) -> str | None:
    same = large_files.c.sha256 == sha256
    forms = sa.select(xet_files.c.hash).where(
        xet_files.c.sha256 == sha256,
        xet_files.c.size_bytes == size_bytes,
        xet_files.c.of_hash.is_(None),
    )
    with repairs.database.write() as conn:
        row = conn.execute(sa.select(large_files).where(same)).one_or_none()
        if row is None:
            return None
        other = conn.execute(forms.limit(1)).scalar_one_or_none()
        if other is not None or row.is_blob:  # without a hash, a job gives the blob one
            conn.execute(large_files.update().where(same).values(xet_hash=other))
            return "another Xet file has the same bytes" if other else "it gets a new Xet hash"
    return repairs.whole_file(sha256, size_bytes)


def _whose(conn: sa.Connection, sha256: str) -> Concerns:
    return concerns.of_large_file(conn, sha256)
