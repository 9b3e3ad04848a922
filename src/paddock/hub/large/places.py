"""Under which path and ref a large file was first committed: what its owners know it by.

A commit over HTTP names the paths itself. What came by git, or from another hub, is looked up in
the tree that a ref has just moved to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from paddock.hub.git import files, refs
from paddock.hub.git.operations import AddFile, AddLarge, Operation
from paddock.hub.tables import git_objects, repository_large_files
from paddock.hub.types import FileEntry, Repository

_links = repository_large_files.c


def note_operations(
    conn: sa.Connection, repo: Repository, ref: str, operations: Iterable[Operation]
) -> None:
    """Note the large files that a commit to the ref adds."""
    paths: dict[str, str] = {}
    for operation in operations:
        if isinstance(operation, AddLarge):
            paths.setdefault(operation.sha256, operation.path)
        elif isinstance(operation, AddFile) and operation.blob.pointer:
            paths.setdefault(operation.blob.pointer.sha256, operation.path)
    _note(conn, repo, ref, paths)


def note_tip(conn: sa.Connection, repo: Repository, ref: str) -> None:
    """Note files that were committed without saying where, as far as the ref's commit has them."""
    unnamed = _unnamed(conn, repo)
    tip = refs.find_ref(conn, repo, ref) if unnamed else None
    if tip is None:
        return
    paths: dict[str, str] = {}
    for entry in files.all_files(conn, repo, tip.commit_oid):
        if isinstance(entry, FileEntry) and entry.large and entry.large.sha256 in unnamed:
            paths.setdefault(entry.large.sha256, entry.path)
    _note(conn, repo, ref, paths)


def _unnamed(conn: sa.Connection, repo: Repository) -> set[str]:
    """Files of the repository that some git object points to and that have no path."""
    query = (
        sa.select(_links.sha256)
        .join(
            git_objects,
            (git_objects.c.repo_id == _links.repo_id) & (git_objects.c.lfs_sha256 == _links.sha256),
        )
        .where(_links.repo_id == repo.id, _links.filename.is_(None))
    )
    return set(conn.execute(query).scalars())


def _note(conn: sa.Connection, repo: Repository, ref: str, paths: Mapping[str, str]) -> None:
    unnamed = repository_large_files.update().where(
        _links.repo_id == repo.id,
        _links.sha256 == sa.bindparam("of_sha256"),
        _links.filename.is_(None),
    )
    rows = [{"of_sha256": sha256, "at_path": paths[sha256]} for sha256 in sorted(paths)]
    if rows:
        conn.execute(unnamed.values(filename=sa.bindparam("at_path"), ref=ref), rows)
