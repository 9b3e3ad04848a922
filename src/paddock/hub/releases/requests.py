"""Asking for a look at what main releases, in the transaction that makes one necessary."""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.git import files, refs
from paddock.hub.jobs.queue import enqueue
from paddock.hub.releases.statement import MANIFEST
from paddock.hub.releases.tables import released
from paddock.hub.types import Kind, Repository

READ = "releases.read"
_seen = sa.select(released.c.seen).where(released.c.repo_id == sa.bindparam("repo_id"))
SIGNED = (MANIFEST, "release.oms.json", "release.dsse.json")


def read_later(conn: sa.Connection, repo: Repository) -> None:
    """Main moved: a look is due when the files of its release are others than before."""
    if repo.kind is not Kind.MODEL:
        return
    tip = refs.find_ref(conn, repo, refs.MAIN)
    now = seen_at(conn, repo, tip.commit_oid) if tip is not None else ""
    before = conn.execute(_seen, {"repo_id": repo.id}).scalar_one_or_none()
    if now != before:
        enqueue(conn, READ, {"repo_id": repo.id}, unique=str(repo.id))


def seen_at(conn: sa.Connection, repo: Repository, commit_oid: str) -> str:
    """Git's ids of the files that make a release; empty where there is none."""
    there = files.entries_at(conn, repo, commit_oid, SIGNED)
    if MANIFEST not in there:
        return ""
    return " ".join(entry.oid if (entry := there.get(name)) else "-" for name in SIGNED)
