"""The releases of a repository that tags lead to, and the one before another.

Knows rows; reads few revisions, the latest tags first.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.git import files, refs
from paddock.hub.releases import reading
from paddock.hub.releases.reading import RELEASE_FILES, Release
from paddock.hub.releases.statement import MANIFEST
from paddock.hub.tables import commits
from paddock.hub.types import Repository
from paddock.storage.sql import in_chunks

MAX_TAGS = 100  # offered to choose from
MAX_LOOKED_AT = 12  # of which the one before is sought


class Tag(NamedTuple):
    """A tag, and when its commit was made: at which moment, after how many others."""

    name: str
    commit_oid: str
    made: tuple[datetime, int]


def tags_of(conn: sa.Connection, repo: Repository) -> list[Tag]:
    """The tags, the latest first."""
    tags = [ref for ref in refs.list_refs(conn, repo) if ref.name.startswith(refs.TAGS)]
    made: dict[str, tuple[datetime, int]] = {}
    for some in in_chunks(sorted({tag.commit_oid for tag in tags[:1000]})):
        query = sa.select(commits.c.oid, commits.c.committed_at, commits.c.height).where(
            commits.c.repo_id == repo.id, commits.c.oid.in_(some)
        )
        made.update((oid, (at, height)) for oid, at, height in conn.execute(query))
    found = [
        Tag(tag.name.removeprefix(refs.TAGS), tag.commit_oid, made[tag.commit_oid])
        for tag in tags
        if tag.commit_oid in made
    ]
    return sorted(found, key=lambda tag: (tag.made, tag.name), reverse=True)[:MAX_TAGS]


def release_before(
    hub: Hub, conn: sa.Connection, repo: Repository, now: Release, tags: list[Tag], asked: str
) -> tuple[Tag, Release] | None:
    """The release at the tag that is asked for, else the latest that is another one."""
    superseded = now.statement.fact("release.supersedes") if now.statement else None
    ordered = [tag for tag in tags if tag.name == asked] if asked else list(tags)
    if not asked and superseded is not None:
        ordered.sort(key=lambda tag: tag.name != superseded.words)
    current = next((t.made for t in tags if _manifest(conn, repo, t) == now.manifest_oid), None)
    for tag in ordered[:MAX_LOOKED_AT]:
        manifest = _manifest(conn, repo, tag)
        is_later = current is not None and tag.made > current and not asked
        if manifest is None or manifest == now.manifest_oid or is_later:
            continue
        found = reading.release_at(conn, hub.blobs, repo, tag.commit_oid)
        if found.statement is not None:
            return tag, found
    return None


def _manifest(conn: sa.Connection, repo: Repository, tag: Tag) -> str | None:
    """Git's id of the release.json at a tag."""
    entry = files.entries_at(conn, repo, tag.commit_oid, RELEASE_FILES[:1]).get(MANIFEST)
    return entry.oid if entry is not None else None
