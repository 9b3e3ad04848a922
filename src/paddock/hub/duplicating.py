"""Duplicating a repository: a new one with main's files and history, and the same large files.

Rows are copied, bytes in the blob store are not. Other branches, tags, discussions, likes and
settings stay behind. Who duplicates needs to read the files of the source, whose gate does not come
along; so the copy of a private or a gated repository is private unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from paddock.hub import lookup, repositories
from paddock.hub.errors import RevisionNotFound
from paddock.hub.git import refs
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.git.reachability import reachable
from paddock.hub.large import large_files, usage
from paddock.hub.repositories import NewRepository
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.tables import commits, git_objects
from paddock.hub.types import Repository
from paddock.hub.xet import own_terms, variants
from paddock.storage.sql import in_chunks


def duplicate(asking: Asking, wanted: NewRepository) -> Repository:
    """The new repository; the caller was let in to the source's contents.

    Raises what creating a repository raises, QuotaExceeded, RevisionNotFound, and FileRejected for
    a file that the caller, who may write to the copy, may not have.
    """
    conn, caller, source = asking.conn, asking.caller, asking.repo
    tip = refs.find_ref(conn, source, refs.MAIN)
    if tip is None:
        raise RevisionNotFound(f"{source.full_name} has no branch main to duplicate")
    is_closed = source.is_private or source.gated is not None
    private = is_closed if wanted.is_private is None else wanted.is_private
    wanted = replace(wanted, is_private=private, sdk=wanted.sdk or source.sdk)
    repo = repositories.create_empty(conn, caller, wanted)
    lookup.lock_repository(conn, repo)
    _copy_history(asking, repo, sorted(reachable(conn, source.id, {tip.oid})))
    refs.move_ref(conn, repo, refs.Ref(refs.MAIN, tip.oid, tip.commit_oid), expected=None)
    refs_moved(conn, repo, caller.account, [RefChange(refs.MAIN, None, tip.oid)])
    return lookup.repository_by_id(conn, repo.id)


def _copy_history(asking: Asking, target: Repository, oids: list[str]) -> None:
    conn, source = asking.conn, asking.repo
    withheld = leaving.withheld(asking, large_too=True)
    pointed: set[str] = set()
    git_bytes = 0
    for some in in_chunks(oids):
        _copy_rows(conn, git_objects, source, target, some)
        _copy_rows(conn, commits, source, target, some)
        columns = (git_objects.c.type, git_objects.c.size_bytes, git_objects.c.lfs_sha256)
        copied = sa.select(*columns).where(
            git_objects.c.repo_id == target.id, git_objects.c.oid.in_(some)
        )
        for row in conn.execute(copied):
            git_bytes += row.size_bytes if row.type == usage.BLOB_TYPE else 0
            if row.lfs_sha256:
                pointed.add(row.lfs_sha256)
    for etag in sorted(withheld.keys() & {*oids, *pointed}):
        raise leaving.rejected(asking, etag, withheld[etag])
    usage.charge(conn, target.id, git_bytes=git_bytes)
    # Git allows pointers to files that were never sent, or were removed for good.
    held = large_files.present(conn, source.id, pointed)
    own_terms.copy(conn, source.id, target.id, held)
    variants.copy(conn, source.id, target.id, held)
    large_files.grant(conn, target.id, held)


def _copy_rows(
    conn: sa.Connection,
    table: sa.Table,
    source: Repository,
    target: Repository,
    oids: Sequence[str],
) -> None:
    new: dict[str, sa.ColumnElement[Any]] = {"repo_id": sa.literal(target.id)}
    if "idle_since" in table.c:
        new["idle_since"] = sa.null()
    columns = [new.get(column.name, column).label(column.name) for column in table.c]
    rows = sa.select(*columns).where(table.c.repo_id == source.id, table.c.oid.in_(oids))
    conn.execute(table.insert().from_select([column.name for column in table.c], rows))
