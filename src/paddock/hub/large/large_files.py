"""Large files: which are stored, where their bytes are, and which repositories hold them.

Knows rows, not bytes: a row is written only after the bytes are safe and their SHA-256 was computed
by us. Presence is per repository, so that knowing a digest never amounts to owning the bytes.
Every function may run twice, and in two transactions at once, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.errors import NotUploaded, RepositoryNotFound
from paddock.hub.large import condemned, usage
from paddock.hub.tables import large_files, repositories, repository_large_files
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks, insert_ignore, insert_new

# Built once, as every download of a large file asks it.
_HELD = (
    sa.select(large_files.c.size_bytes, large_files.c.is_blob, large_files.c.xet_hash)
    .join(repository_large_files, repository_large_files.c.sha256 == large_files.c.sha256)
    .where(
        repository_large_files.c.repo_id == sa.bindparam("repo_id"),
        large_files.c.sha256 == sa.bindparam("sha256"),
    )
)


class LargeFileRow(NamedTuple):
    """Where a large file's bytes are: in the blob store, as a Xet file, or both."""

    size_bytes: int
    is_blob: bool
    xet_hash: str | None


def present(conn: sa.Connection, repo_id: int, sha256s: Iterable[str]) -> set[str]:
    """Those of the files that this repository was given."""
    links = repository_large_files
    found: set[str] = set()
    for some in in_chunks(sorted(set(sha256s))):
        query = sa.select(links.c.sha256).where(links.c.repo_id == repo_id)
        found.update(conn.execute(query.where(links.c.sha256.in_(some))).scalars())
    return found


def lookup(conn: sa.Connection, sha256s: Iterable[str]) -> dict[str, LargeFileRow]:
    """What is stored of the files, whichever repositories hold them; unknown ones are left out."""
    columns = large_files.c
    found: dict[str, LargeFileRow] = {}
    for some in in_chunks(sorted(set(sha256s))):
        query = sa.select(columns.sha256, columns.size_bytes, columns.is_blob, columns.xet_hash)
        for row in conn.execute(query.where(columns.sha256.in_(some))):
            found[row.sha256] = LargeFileRow(row.size_bytes, row.is_blob, row.xet_hash)
    return found


def lookup_held(conn: sa.Connection, repo_id: int, sha256: str) -> LargeFileRow | None:
    """What is stored of a file, if the repository holds it."""
    row = conn.execute(_HELD, {"repo_id": repo_id, "sha256": sha256}).one_or_none()
    return None if row is None else LargeFileRow(*row)


def add_blob(conn: sa.Connection, repo_id: int, blob: Blob) -> None:
    """The repository was given these bytes, and the blob store holds them."""
    row = {"sha256": blob.sha256, "size_bytes": blob.size_bytes, "is_blob": True, "xet_hash": None}
    condemned.release(conn, [blob.sha256])
    insert_ignore(conn, large_files, [row])
    unmarked = (large_files.c.sha256 == blob.sha256) & ~large_files.c.is_blob
    conn.execute(large_files.update().where(unmarked).values(is_blob=True))
    grant(conn, repo_id, [blob.sha256])


class XetFileRow(NamedTuple):
    """A Xet file whose every byte was read to compute its SHA-256."""

    sha256: str
    size_bytes: int
    xet_hash: str


def add_xet_files(conn: sa.Connection, repo_id: int, files: Sequence[XetFileRow]) -> None:
    """The repository was given these bytes as Xet files; the first Xet hash of a file stays."""
    if not files:
        return
    insert_ignore(conn, large_files, [{**file._asdict(), "is_blob": False} for file in files])
    same = large_files.c.sha256 == sa.bindparam("of_sha256")
    unmarked = large_files.update().where(same, large_files.c.xet_hash.is_(None))
    conn.execute(
        unmarked.values(xet_hash=sa.bindparam("to_xet_hash")),
        [{"of_sha256": file.sha256, "to_xet_hash": file.xet_hash} for file in sorted(files)],
    )
    grant(conn, repo_id, [file.sha256 for file in files])


def grant(conn: sa.Connection, repo_id: int, sha256s: Iterable[str]) -> None:
    """The repository holds these files from now on.

    Raises NotUploaded for a file that is stored nowhere, RepositoryNotFound when the repository was
    deleted meanwhile, QuotaExceeded.
    """
    wanted = sorted(set(sha256s))
    # The lock keeps a deletion waiting until our rows are there to be deleted too.
    same = sa.select(repositories.c.id).where(repositories.c.id == repo_id)
    if conn.execute(same.with_for_update(read=True, key_share=True)).first() is None:
        raise RepositoryNotFound("the repository was deleted while its files were uploaded")
    sizes = _lock_sizes(conn, wanted)
    if missing := set(wanted) - sizes.keys():
        raise NotUploaded(f"large file {min(missing)} was never uploaded")
    keep(conn, repo_id, wanted)
    pushed_at = clock.now()
    rows = [{"repo_id": repo_id, "sha256": sha256, "pushed_at": pushed_at} for sha256 in wanted]
    new = insert_new(conn, repository_large_files, rows, repository_large_files.c.sha256)
    usage.charge(conn, repo_id, large_bytes=sum(sizes[sha256] for sha256 in new))


def idle(conn: sa.Connection, repo_id: int, sha256s: Iterable[str]) -> list[str]:
    """Those of the repository's files that the sweep would take from it sooner or later."""
    links = repository_large_files
    found: list[str] = []
    for some in in_chunks(sorted(set(sha256s))):
        query = sa.select(links.c.sha256).where(links.c.repo_id == repo_id)
        query = query.where(links.c.idle_since.is_not(None), links.c.sha256.in_(some))
        found.extend(conn.execute(query).scalars())
    return found


def keep(conn: sa.Connection, repo_id: int, sha256s: Iterable[str]) -> None:
    """Let no sweep take these files from the repository soon: somebody counts on them."""
    links = repository_large_files
    idle = (links.c.repo_id == repo_id) & links.c.idle_since.is_not(None)
    for some in in_chunks(sorted(set(sha256s))):
        row = links.update().where(idle, links.c.sha256.in_(some))
        conn.execute(row.values(idle_since=None))


def _lock_sizes(conn: sa.Connection, sha256s: list[str]) -> dict[str, int]:
    """Sizes of those that are stored, which stay so until the transaction ends."""
    columns = large_files.c
    found: dict[str, int] = {}
    for some in in_chunks(sha256s):
        query = sa.select(columns.sha256, columns.size_bytes).where(columns.sha256.in_(some))
        locked = query.order_by(columns.sha256).with_for_update(read=True, key_share=True)
        found.update((row.sha256, row.size_bytes) for row in conn.execute(locked))
    return found
