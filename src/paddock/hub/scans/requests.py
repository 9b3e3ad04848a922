"""Asking for a scan, in the transaction that makes one necessary."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.jobs.queue import enqueue
from paddock.hub.scans.tables import repository_scans
from paddock.hub.scans.verdicts import name_of
from paddock.hub.types import FileEntry, Repository

SCAN_REPOSITORY = "scans.repository"
SCAN_AGAIN = "scans.again"  # what was left open before, too: somebody asked
SCAN_FILE = "scans.file"  # one that takes long, or is looked at again
SCAN_TREE = "scans.tree"  # what the files of a revision say together
SCAN_BACKLOG = "scans.backlog"  # repositories that an older scanner looked at, or none
SCAN_MISSING = "scans.missing"  # finds those


def scan_later(conn: sa.Connection, repo: Repository) -> None:
    """Refs of the repository moved: let a job look at what is new."""
    here = repository_scans.c.repo_id == repo.id
    conn.execute(repository_scans.update().where(here).values(is_current=False))
    _enqueue(conn, repo.id)


def scan_again(conn: sa.Connection, repo_id: int) -> None:
    """Let a job look at all of the repository; contents with a finished verdict keep it."""
    payload = {"repo_id": repo_id, "since": clock.now().isoformat()}
    enqueue(conn, SCAN_AGAIN, payload, unique=str(repo_id))
    note(conn, Act.SCAN_REQUEST, repository_id=repo_id)


def scan_file_later(
    conn: sa.Connection, repo_id: int, entry: FileEntry, *, not_before: datetime | None = None
) -> None:
    """Let a job of its own look at one file."""
    large = None if entry.large is None else [entry.large.sha256, entry.large.pointer_bytes]
    payload: dict[str, Any] = {"repo_id": repo_id, "path": entry.path, "oid": entry.oid}
    payload |= {"size_bytes": entry.size_bytes, "large": large}
    unique = _file_key(repo_id, entry.etag, name_of(entry.path))
    enqueue(conn, SCAN_FILE, payload, unique=unique, not_before=not_before)


def scan_arrived(conn: sa.Connection, repo_id: int, sha256: str, size_bytes: int) -> None:
    """Bytes that the repository's history named before they were here have come."""
    payload: dict[str, Any] = {"repo_id": repo_id, "path": "", "oid": ""}
    payload |= {"size_bytes": size_bytes, "large": [sha256, 0]}
    enqueue(conn, SCAN_FILE, payload, unique=_file_key(repo_id, sha256, ""))


def scan_tree_later(conn: sa.Connection, repo_id: int) -> None:
    """Let a job compare the files of each ref's revision with each other."""
    enqueue(conn, SCAN_TREE, {"repo_id": repo_id}, unique=str(repo_id))


def _file_key(repo_id: int, etag: str, name: str) -> str:
    """One job for each content and name; a name as it is may be longer than a key."""
    return f"{repo_id}:{etag}:{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _enqueue(conn: sa.Connection, repo_id: int) -> None:
    enqueue(conn, SCAN_REPOSITORY, {"repo_id": repo_id}, unique=str(repo_id))
