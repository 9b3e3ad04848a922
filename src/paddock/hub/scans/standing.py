"""Whether a file is kept from strangers, for what is told of files rather than sent of them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub.scans import overrides, records, refusals
from paddock.hub.scans.verdicts import REJECT
from paddock.hub.types import FileEntry, Repository


def is_withheld(conn: sa.Connection, repo: Repository, entry: FileEntry) -> bool:
    """Whether a scan rejected the file and nobody allowed it."""
    return entry.path in withheld_among(conn, repo, [entry])


def withheld_among(
    conn: sa.Connection, repo: Repository, entries: Iterable[FileEntry]
) -> frozenset[str]:
    """The paths of those of the files that are; one statement where none ever was rejected."""
    asked = list(entries)
    suspects = refusals.suspected(conn, repo.id, (entry.etag for entry in asked))
    if not suspects:
        return frozenset()
    return frozenset(
        entry.path for entry in asked if entry.etag in suspects and _is_kept(conn, repo, entry)
    )


def _is_kept(conn: sa.Connection, repo: Repository, entry: FileEntry) -> bool:
    known = records.verdicts_on(conn, [entry]).get(entry.path)
    is_rejected = known is not None and known.verdict == REJECT
    if not is_rejected and not refusals.is_refused(conn, repo.id, entry.etag):
        return False
    return not overrides.is_allowed(conn, repo.id, entry.etag)
