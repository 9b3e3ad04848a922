"""What follows from a verdict: it is kept, the repository's refusals with it, and owners are told.

Everything in one transaction. Who watches the repository hears of a file that was rejected there
for the first time, be it that the scan was new or the file. What the catalogue tells of a rejected
card or configuration goes with it. An unfinished scan is tried again, later and not for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.checkpoint.scan.report import ScannedFile, Verdict
from paddock.hub.catalogue import indexing
from paddock.hub.context import Hub
from paddock.hub.lookup import to_repository
from paddock.hub.scans import records, refusals, scanner
from paddock.hub.scans.refusals import Refusal
from paddock.hub.scans.requests import scan_file_later
from paddock.hub.scans.verdicts import REJECT, UNFINISHED, name_of
from paddock.hub.tables import repositories
from paddock.hub.types import FileEntry, Repository
from paddock.hub.webhooks.events import Event, announce

SCOPE = "repo.scan"
MAX_TOLD = 500  # rejected files in one event
MAX_ATTEMPTS = 4
RETRY_AFTER = timedelta(minutes=2)  # ten times as long after each

Found = tuple[FileEntry, ScannedFile]


def record(hub: Hub, repo: Repository, found: Sequence[Found]) -> None:
    """Keep what a scan said of files of the repository, and let follow what must."""
    if not found:
        return
    with hub.database.write() as conn:
        records.write(conn, [(entry.etag, file) for entry, file in found], scanner.version())
        here = find_repository(conn, repo.id, lock=True)
        if here is None:  # deleted meanwhile; the contents may be in others
            return
        _retry_unfinished(conn, here, found)
        refuse(conn, here, [entry for entry, file in found if file.verdict is Verdict.REJECT])


def refuse(conn: sa.Connection, repo: Repository, entries: Sequence[FileEntry]) -> None:
    """These files are rejected; whoever watches the repository hears of those that are new."""
    new = refusals.add(conn, repo.id, [Refusal(entry.etag, entry.path) for entry in entries])
    tell(conn, repo, [entry for entry in entries if entry.etag in new])


def tell(conn: sa.Connection, repo: Repository, rejected: Sequence[FileEntry]) -> None:
    """Announce files that are rejected from now on."""
    if not rejected:
        return
    known = records.known_of(conn, [entry.etag for entry in rejected])
    told = [
        {"path": entry.path, "codes": sorted(_codes(known.get(entry.etag, {}), entry))}
        for entry in rejected[:MAX_TOLD]
    ]
    announce(conn, Event("update", SCOPE, repo, None, {"scan": {"rejected": told}}))
    if any(entry.path in indexing.READ for entry in rejected):
        indexing.refresh(conn, repo)


def find_repository(conn: sa.Connection, repo_id: int, *, lock: bool = False) -> Repository | None:
    """The repository, if it is still there; with ``lock`` it stays there."""
    query = repositories.select().where(repositories.c.id == repo_id)
    if lock:
        query = query.with_for_update()
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else to_repository(row)


def _codes(known: records.ByName, entry: FileEntry) -> Iterable[str]:
    one = known.get(name_of(entry.path))
    return {reason.code for reason in one.reasons} if one and one.verdict == REJECT else set()


def _retry_unfinished(conn: sa.Connection, repo: Repository, found: Sequence[Found]) -> None:
    cut = [e for e, file in found if any(reason.code == UNFINISHED for reason in file.reasons)]
    known = records.known_of(conn, [entry.etag for entry in cut])
    for entry in cut:
        one = known.get(entry.etag, {}).get(name_of(entry.path))
        if one is not None and one.attempts < MAX_ATTEMPTS:
            at = clock.now() + RETRY_AFTER * 10 ** (one.attempts - 1)
            scan_file_later(conn, repo.id, entry, not_before=at)
