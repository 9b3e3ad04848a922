"""Keeps the rows of releases in step with main, and looks at models that nobody looked at yet.

Runs as a job; reads files outside the transaction that writes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.releases.reading import Release, release_at
from paddock.hub.releases.requests import READ, seen_at
from paddock.hub.releases.tables import release_ancestors, release_keys, released
from paddock.hub.scans.recording import find_repository
from paddock.hub.tables import repositories
from paddock.hub.types import Kind
from paddock.storage.sql import insert_ignore

CATCH_UP = "releases.catch_up"
_AT_ONCE = 500
_MAX_EDGES_CHARS = 500

every(3600)(CATCH_UP)


@handler(READ)
def read_release(hub: Hub, payload: dict[str, Any]) -> None:
    """Look at what a repository's main releases."""
    repo_id = int(payload["repo_id"])
    with hub.database.read() as conn:
        repo = find_repository(conn, repo_id)
        if repo is None:
            return
        tip = refs.find_ref(conn, repo, refs.MAIN)
        seen = seen_at(conn, repo, tip.commit_oid) if tip else ""
        release = release_at(conn, hub.blobs, repo, tip.commit_oid) if tip and seen else Release()
    with hub.database.write() as conn:
        if find_repository(conn, repo_id, lock=True) is not None:
            _replace(conn, repo_id, seen, release)


@handler(CATCH_UP)
def catch_up(hub: Hub, _payload: dict[str, Any]) -> None:
    """Ask for a look at models of an older hub, so many at a time."""
    missing = (
        sa.select(repositories.c.id)
        .outerjoin(released, released.c.repo_id == repositories.c.id)
        .where(
            repositories.c.kind == Kind.MODEL,
            repositories.c.head_oid.is_not(None),
            released.c.repo_id.is_(None),
        )
        .order_by(repositories.c.id)
        .limit(_AT_ONCE)
    )
    with hub.database.write() as conn:
        for repo_id in conn.execute(missing).scalars().all():
            enqueue(conn, READ, {"repo_id": repo_id}, unique=str(repo_id))


def _replace(conn: sa.Connection, repo_id: int, seen: str, release: Release) -> None:
    for table in (released, release_keys, release_ancestors):
        conn.execute(table.delete().where(table.c.repo_id == repo_id))
    statement = release.statement
    row = {
        "repo_id": repo_id,
        "seen": seen,
        "manifest_oid": release.manifest_oid if statement else None,
        "release": statement.sha256 if statement else None,
        "name": statement.name if statement else None,
        "version": statement.version if statement else None,
        "stage": statement.stage if statement else None,
    }
    insert_ignore(conn, released, [row])
    signers = {signer.key.fingerprint for signer in release.signers if signer.is_right}
    keys = [{"repo_id": repo_id, "fingerprint": each} for each in sorted(signers)]
    insert_ignore(conn, release_keys, keys)
    if statement is None or not signers:
        return
    insert_ignore(
        conn,
        release_ancestors,
        [
            {
                "repo_id": repo_id,
                "key": ancestor.name.lower()[:200],
                "edges": " ".join(ancestor.edges)[:_MAX_EDGES_CHARS],
                "name": ancestor.name,
                "is_near": len(ancestor.edges) == 1,
            }
            for ancestor in statement.ancestors
        ],
    )
