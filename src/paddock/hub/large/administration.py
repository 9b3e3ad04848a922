"""The large files of a repository as their owners see them: listed, removed for good, copied.

Knows rows and what must happen together. Removing takes the file from the repository at once and,
unless told otherwise, from every commit of every ref; the bytes themselves go when no repository
holds them any more (``hub.garbage``). Copying moves no byte: another repository holds the same
file, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.catalogue import indexing
from paddock.hub.git import refs, rewriting
from paddock.hub.git.moved import refs_moved
from paddock.hub.large import large_files, usage
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import git_objects, repository_large_files
from paddock.hub.tables import large_files as files
from paddock.hub.types import Account, Repository
from paddock.hub.xet import own_terms, variants
from paddock.storage.sql import in_chunks

MAX_DELETIONS = 10_000
MAX_COPIES = 10_000


class HeldFile(NamedTuple):
    """A large file that a repository holds; ``filename`` is a path at which it was committed."""

    sha256: str
    size_bytes: int
    pushed_at: datetime
    filename: str | None
    ref: str | None


class WantedCopy(NamedTuple):
    """A file to copy, as the client names it; either name is enough to find it."""

    sha256: str
    xet_hash: str | None


def list_held(conn: sa.Connection, repo: Repository, part: Part) -> Page[HeldFile]:
    """What the repository holds, in any revision or none, newest first; raises BadInput."""
    links = repository_large_files.c
    columns = (links.sha256, files.c.size_bytes, links.pushed_at, links.filename, links.ref)
    query = (
        sa.select(*columns)
        .join(files, files.c.sha256 == links.sha256)
        .where(links.repo_id == repo.id)
    )
    order = Order((links.pushed_at, links.sha256), (datetime, str))
    return read_page(conn, query, order, part, lambda row: HeldFile(*(row[c] for c in columns)))


def remove_for_good(
    conn: sa.Connection,
    repo: Repository,
    actor: Account,
    sha256s: Iterable[str],
    *,
    rewrite_history: bool,
) -> int:
    """Take the files from the repository; how many it held. The caller has locked it."""
    held = sorted(large_files.present(conn, repo.id, sha256s))
    changes = []
    if rewrite_history and (pointers := _pointers_to(conn, repo, held)):
        changes = rewriting.remove_blobs(conn, repo, pointers)
    links = repository_large_files
    for some in in_chunks(held):
        gone = (links.c.repo_id == repo.id) & links.c.sha256.in_(some)
        conn.execute(links.delete().where(gone))
    usage.recount(conn, repo.id)
    refs_moved(conn, repo, actor, changes)
    if not any(change.name == refs.MAIN for change in changes):
        indexing.refresh(conn, repo)  # for the storage that it tells
    note(conn, Act.REPO_FILES, repo=repo, what="remove", count=len(held))
    return len(held)


def copy_files(
    conn: sa.Connection, source: Repository, target: Repository, wanted: Sequence[WantedCopy]
) -> list[str]:
    """Give the target files that the source holds; the SHA-256 of those that it does not hold.

    Raises QuotaExceeded.
    """
    held = large_files.present(conn, source.id, [copy.sha256 for copy in wanted])
    stored = large_files.lookup(conn, held)
    fits = {
        copy.sha256
        for copy in wanted
        if copy.sha256 in stored and copy.xet_hash in (None, stored[copy.sha256].xet_hash)
    }
    new = fits - large_files.present(conn, target.id, fits)
    own_terms.copy(conn, source.id, target.id, new)
    variants.copy(conn, source.id, target.id, new)
    large_files.grant(conn, target.id, fits)
    note(conn, Act.REPO_FILES, repo=target, what="copy", count=len(fits))
    return [copy.sha256 for copy in wanted if copy.sha256 not in fits]


def _pointers_to(conn: sa.Connection, repo: Repository, sha256s: Sequence[str]) -> set[str]:
    """Ids of the git blobs that point to these files."""
    found: set[str] = set()
    for some in in_chunks(sha256s):
        query = sa.select(git_objects.c.oid).where(git_objects.c.repo_id == repo.id)
        found.update(conn.execute(query.where(git_objects.c.lfs_sha256.in_(some))).scalars())
    return found
