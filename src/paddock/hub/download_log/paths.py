"""At which path of which commit something is that was asked for by other names.

A client of Xet or git-lfs asks by a hash; its path is looked for where the file was first
committed, and then in all of the revision. What cannot be found any more has no path.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub import lookup
from paddock.hub.git import files, refs
from paddock.hub.tables import repositories, repository_large_files
from paddock.hub.types import FileEntry, Repository


class Wanted(NamedTuple):
    """What a request named: a revision or none, and a path, or else the SHA-256 of a large file."""

    revision: str | None = None
    path: str | None = None
    sha256: str | None = None


class Place(NamedTuple):
    """Where that is."""

    commit_oid: str | None
    path: str | None


def find_places(
    conn: sa.Connection, asked: Iterable[tuple[int, Wanted]]
) -> dict[tuple[int, Wanted], Place]:
    """The places of what was asked for in repositories; all of them, known or not."""
    found: dict[tuple[int, Wanted], Place] = {}
    by_hash: dict[tuple[int, str], dict[str, str]] = {}
    for repo_id, wanted in asked:
        repo = _repository(conn, repo_id) if wanted.sha256 or wanted.revision else None
        commit_oid = None if repo is None else _commit(conn, repo, wanted.revision)
        path = wanted.path
        if repo is not None and path is None and wanted.sha256 is not None:
            path = _first_path(conn, repo_id, wanted.sha256)
            if commit_oid is not None and not _is_at(conn, repo, commit_oid, path, wanted.sha256):
                key = (repo_id, commit_oid)
                if key not in by_hash:
                    by_hash[key] = _paths_by_hash(conn, repo, commit_oid)
                path = by_hash[key].get(wanted.sha256)
        found[repo_id, wanted] = Place(commit_oid, path)
    return found


def _repository(conn: sa.Connection, repo_id: int) -> Repository | None:
    query = sa.select(repositories).where(repositories.c.id == repo_id)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else lookup.to_repository(row)


def _commit(conn: sa.Connection, repo: Repository, revision: str | None) -> str | None:
    if not revision:
        return None
    try:
        return refs.resolve_revision(conn, repo, revision)
    except PaddockError:  # it was there when it was asked for
        return None


def _first_path(conn: sa.Connection, repo_id: int, sha256: str) -> str | None:
    c = repository_large_files.c
    query = sa.select(c.filename).where(c.repo_id == repo_id, c.sha256 == sha256)
    return conn.execute(query).scalar_one_or_none()


def _is_at(
    conn: sa.Connection, repo: Repository, commit_oid: str, path: str | None, sha256: str
) -> bool:
    entry = files.entry_at(conn, repo, commit_oid, path) if path else None
    return isinstance(entry, FileEntry) and entry.large is not None and entry.etag == sha256


def _paths_by_hash(conn: sa.Connection, repo: Repository, commit_oid: str) -> dict[str, str]:
    """The large files of a revision; of those that are there twice, the last path."""
    entries = files.all_files(conn, repo, commit_oid)
    return {entry.etag: entry.path for entry in entries if entry.large is not None}
