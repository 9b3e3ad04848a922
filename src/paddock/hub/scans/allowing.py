"""What follows when an administrator gives their word on a file, or takes it back.

The same in the API and on the command line: the row, what the catalogue tells of the file, and the
announcement to whoever watches the repository.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.catalogue import indexing
from paddock.hub.scans import overrides
from paddock.hub.scans.overrides import Override
from paddock.hub.scans.recording import SCOPE
from paddock.hub.types import FileEntry, Repository
from paddock.hub.webhooks.events import Event, announce


def allow(
    conn: sa.Connection, repo: Repository, entry: FileEntry, by: str, reason: str
) -> Override:
    """Let the file be downloaded; raises BadInput and NothingToAllow."""
    given = overrides.allow(conn, repo, entry, by, reason)
    _follow(conn, repo, given, "allowed")
    files, codes = [entry.path], list(given.codes)
    note(conn, Act.SCAN_ALLOW, repo=repo, content=entry.etag, files=files, text=reason, codes=codes)
    return given


def withdraw(conn: sa.Connection, repo: Repository, number: int, by: str) -> Override:
    """Take it back; raises NoSuchOverride."""
    taken = overrides.withdraw(conn, repo, number, by)
    _follow(conn, repo, taken, "withdrawn")
    note(conn, Act.SCAN_WITHDRAW, repo=repo, content=taken.etag, files=[taken.path])
    return taken


def _follow(conn: sa.Connection, repo: Repository, override: Override, what: str) -> None:
    told = {what: [{"path": override.path, "codes": list(override.codes)}]}
    announce(conn, Event("update", SCOPE, repo, None, {"scan": told}))
    if override.path in indexing.READ:
        indexing.refresh(conn, repo)
