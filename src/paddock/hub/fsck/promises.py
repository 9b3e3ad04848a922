"""The blobs that rows name, in order, with the size that each must have.

Which columns name blobs is not a list here: it is found in the tables (``garbage.referrers``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.attachments.tables import attachments
from paddock.hub.garbage.referrers import naming_columns, only_blobs
from paddock.hub.large.tables import xorb_variants
from paddock.hub.tables import git_objects, large_files, xorbs
from paddock.storage.database import Database

_PER_PAGE = 500

# What a row says of the size of the blob that it names, where it says so.
_SIZES: dict[sa.Column[Any], sa.ColumnElement[Any]] = {
    large_files.c.sha256: large_files.c.size_bytes,
    git_objects.c.blob_sha256: git_objects.c.size_bytes,
    attachments.c.sha256: attachments.c.size_bytes,
    # A view is of a part of its blob.
    xorbs.c.blob_sha256: sa.case((xorbs.c.view_start.is_(None), xorbs.c.serialized_bytes)),
    xorb_variants.c.blob_sha256: sa.case(
        (xorb_variants.c.view_start.is_(None), xorb_variants.c.serialized_bytes)
    ),
}


class Promise(NamedTuple):
    """A blob that must be there."""

    sha256: str
    size_bytes: int | None


def promised(database: Database, after: str = "") -> Iterator[Promise]:
    """Every blob that any row names, by digest, from the one after ``after`` on."""
    while True:
        with database.read() as conn:
            page = _page(conn, after)
        yield from page
        if not page:
            return
        after = page[-1].sha256


def is_promised(database: Database, sha256: str) -> bool:
    """Whether a row still names the blob: rows may have gone since they were read."""
    with database.read() as conn:
        for column in naming_columns():
            query = sa.select(column).where(column == sha256, only_blobs(column)).limit(1)
            if conn.execute(query).first() is not None:
                return True
    return False


def _page(conn: sa.Connection, after: str) -> list[Promise]:
    found: dict[str, int | None] = {}
    for column in naming_columns():
        size = sa.func.max(_SIZES.get(column, sa.null()))
        query = sa.select(column, size).where(column > after, only_blobs(column))
        rows = conn.execute(query.group_by(column).order_by(column).limit(_PER_PAGE))
        for sha256, size_bytes in rows:
            found[sha256] = size_bytes if found.get(sha256) is None else found[sha256]
    # Each column gave its first ones, so these are the first of all.
    return [Promise(sha256, found[sha256]) for sha256 in sorted(found)[:_PER_PAGE]]
