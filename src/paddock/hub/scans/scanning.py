"""The job that looks at the files of main, and what it found.

Knows rows and where bytes are; what they mean is ``verdicts``'s. A content is scanned once, however
many repositories and commits hold it. A file that is not on this machine is copied to a temporary
one first, up to a bound; beyond it, it stays unscanned, which is never shown as safe.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound
from paddock.hub import lookup
from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.jobs.handlers import handler
from paddock.hub.large.content import Content, ContentMissing, open_content
from paddock.hub.scans.requests import JOB
from paddock.hub.scans.tables import file_scans
from paddock.hub.scans.verdicts import SAFE, Verdict, is_scanned, judge
from paddock.hub.tables import repositories
from paddock.hub.types import FileEntry, Repository
from paddock.storage.sql import in_chunks, insert_ignore

MAX_COPIED_BYTES = 8 << 30


def verdicts_on(conn: sa.Connection, entries: Iterable[FileEntry]) -> dict[str, Verdict]:
    """What is known of files, by their etag; those not looked at yet are left out."""
    etags = sorted({entry.etag for entry in entries if is_scanned(entry.path)})
    found: dict[str, Verdict] = {}
    for some in in_chunks(etags):
        query = sa.select(file_scans).where(file_scans.c.etag.in_(some))
        found.update({row.etag: Verdict(row.status, row.reason) for row in conn.execute(query)})
    return found


def security_status(conn: sa.Connection, entries: Sequence[FileEntry]) -> dict[str, Any]:
    """The answer to ``securityStatus``: whether all was looked at, and what is not safe."""
    scanned = [entry for entry in entries if is_scanned(entry.path)]
    known = verdicts_on(conn, scanned)
    issues = [
        {"path": entry.path, "level": known[entry.etag].status}
        for entry in scanned
        if entry.etag in known and known[entry.etag].status != SAFE
    ]
    return {"scansDone": len(known) == len({e.etag for e in scanned}), "filesWithIssues": issues}


def file_status(verdict: Verdict | None) -> dict[str, Any]:
    """A file's ``securityFileStatus``."""
    if verdict is None:
        return {"status": "unscanned", "avScan": None, "pickleImportScan": None}
    found = {"status": verdict.status, "message": verdict.reason}
    return {"status": verdict.status, "avScan": None, "pickleImportScan": found}


@handler(JOB)
def scan_repository(hub: Hub, payload: dict[str, Any]) -> None:
    """Look at every file of main that nobody looked at yet."""
    with hub.database.read() as conn:
        row = sa.select(repositories.c.id).where(repositories.c.id == int(payload["repo_id"]))
        if conn.execute(row).first() is None:
            return
        repo = lookup.repository_by_id(conn, int(payload["repo_id"]))
        if repo.head_oid is None:
            return
        entries = [e for e in files.all_files(conn, repo, repo.head_oid) if is_scanned(e.path)]
        known = verdicts_on(conn, entries)
    new = {entry.etag: entry for entry in entries if entry.etag not in known}
    for entry in new.values():
        _scan(hub, repo, entry)


def _scan(hub: Hub, repo: Repository, entry: FileEntry) -> None:
    try:
        with hub.database.read() as conn:
            content = open_content(hub, repo, entry, conn)
    except (ContentMissing, NotFound):
        return  # a pointer whose bytes are not here: nothing to load either
    if content.local_path is None and content.size_bytes > MAX_COPIED_BYTES:
        return
    with _on_disk(content) as path:
        verdict = judge(entry.path, path)
    row = {"etag": entry.etag, **verdict._asdict(), "scanned_at": clock.now()}
    with hub.database.write() as conn:
        insert_ignore(conn, file_scans, [row])


@contextmanager
def _on_disk(content: Content) -> Iterator[Path]:
    if content.local_path is not None:
        yield content.local_path
        return
    with tempfile.NamedTemporaryFile() as copy:
        for piece in content.read(0, content.size_bytes):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)
