"""What a repository's row tells of the release at main's tip.

Read in the transaction that moves main where release.json is kept with the rows, else by a job. A
file that a scan rejected tells nothing.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.catalogue.released import MAX_MANIFEST_BYTES, Released, read_release
from paddock.hub.git.objects import read_object
from paddock.hub.jobs.queue import enqueue
from paddock.hub.scans import standing
from paddock.hub.types import FileEntry, Kind, Repository

READ_RELEASE = "catalogue.release"  # the job that reads one


def told_of_release(
    conn: sa.Connection, repo: Repository, entry: FileEntry | None
) -> dict[str, Any] | None:
    """For the row: which release.json it is and what it states, if that was read already."""
    if entry is None or entry.large is not None or repo.kind is not Kind.MODEL:
        return None
    if entry.size_bytes > MAX_MANIFEST_BYTES or standing.is_withheld(conn, repo, entry):
        return None
    known: dict[str, Any] = (repo.facts or {}).get("release") or {}
    if known.get("manifest") == entry.oid and "states" in known:
        return known
    stored = read_object(conn, repo.id, entry.oid)
    if stored is None:
        return None
    if stored.content is None:
        enqueue(conn, READ_RELEASE, {"repo_id": repo.id}, unique=str(repo.id))
        return {"manifest": entry.oid}
    return tell(entry.oid, stored.content)


def tell(oid: str, raw: bytes) -> dict[str, Any]:
    """The same for a file that was read; one that states nothing is remembered as such."""
    released = read_release(raw)
    return {"manifest": oid, "states": None if released is None else released.to_json()}


def released_of(facts: dict[str, Any] | None) -> Released | None:
    """What a row's facts say that the release states."""
    told = (facts or {}).get("release") or {}
    states = told.get("states")
    return Released(**states) if states else None
