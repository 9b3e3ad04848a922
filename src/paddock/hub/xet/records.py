"""The rows of xorbs and Xet files.

A xorb's row says which blob holds its frames and what its chunks are; a Xet file's row says its
terms and its SHA-256, which was computed here from the bytes. Rows are written once and never
change: the hash in the key determines everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.discussions.tables import contributions
from paddock.hub.errors import NotUploaded
from paddock.hub.large import condemned
from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.tables import large_files, repository_large_files, xet_files, xorbs
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.views import View, ViewedFile, ViewedXorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks, insert_ignore


class StoredXorb(NamedTuple):
    """A xorb whose frames are in the blob store."""

    hash: str
    blob: Blob  # its size is that of the xorb, also of one that is a view of a larger blob
    chunks: ChunkTable
    view: View | None = None


class XetFile(NamedTuple):
    """A file that every byte of was read once, to know its SHA-256."""

    hash: str
    sha256: str
    terms: Terms

    @property
    def size_bytes(self) -> int:
        return self.terms.size_bytes


def add_xorb(conn: sa.Connection, xorb: StoredXorb, repo_id: int | None) -> None:
    """Remember a verified xorb, which counts for the repository until a file is made of it."""
    row = {
        "hash": xorb.hash,
        "blob_sha256": xorb.blob.sha256,
        "serialized_bytes": xorb.blob.size_bytes,
        "unpacked_bytes": xorb.chunks.unpacked_bytes(),
        "chunk_count": len(xorb.chunks),
        "chunks": xorb.chunks.packed,
        "created_at": clock.now(),
        "view_start": xorb.view.start if xorb.view else None,
        "waits_for_repo_id": repo_id,
    }
    condemned.release(conn, [xorb.blob.sha256])
    insert_ignore(conn, xorbs, [row])


def keep_xorb(conn: sa.Connection, xorb_hash: str) -> bool:
    """Let no sweep take the xorb soon, which somebody sent again; False when it is not there."""
    same = xorbs.update().where(xorbs.c.hash == xorb_hash)
    return conn.execute(same.values(idle_since=None)).rowcount == 1


def find_xorb(conn: sa.Connection, xorb_hash: str) -> StoredXorb | None:
    """The xorb of this hash, whoever uploaded it."""
    columns = xorbs.c
    query = sa.select(
        columns.blob_sha256,
        columns.serialized_bytes,
        columns.unpacked_bytes,
        columns.chunks,
        columns.view_start,
    )
    row = conn.execute(query.where(columns.hash == xorb_hash)).one_or_none()
    if row is None:
        return None
    view = None if row.view_start is None else View(row.view_start, row.unpacked_bytes)
    blob = Blob(row.blob_sha256, row.serialized_bytes)
    return StoredXorb(xorb_hash, blob, ChunkTable(bytes(row.chunks)), view)


def add_files(conn: sa.Connection, files: Sequence[XetFile]) -> None:
    """Remember verified files; raises NotUploaded when a xorb of theirs was swept meanwhile."""
    made_of = {file.hash: sorted({term.xorb for term in file.terms}) for file in files}
    _count_files_instead(conn, files)
    _use_xorbs(conn, {xorb for some in made_of.values() for xorb in some})
    rows = [
        {
            "hash": file.hash,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "terms": file.terms.packed,
        }
        for file in files
    ]
    insert_ignore(conn, xet_files, rows)
    links = [
        {"file_hash": file_hash, "xorb_hash": xorb}
        for file_hash, some in made_of.items()
        for xorb in some
    ]
    insert_ignore(conn, xet_file_xorbs, links)


def add_viewed_xorbs(conn: sa.Connection, sha256: str, viewed: Sequence[ViewedXorb]) -> None:
    """Remember views of a blob."""
    for xorb in viewed:
        blob = Blob(sha256, xorb.serialized_bytes)
        add_xorb(conn, StoredXorb(xorb.hash, blob, xorb.chunks, xorb.view), None)


def add_viewed_file(conn: sa.Connection, sha256: str, file: ViewedFile) -> None:
    """Let a large file, whose views are there, have a Xet hash unless it has one."""
    add_files(conn, [XetFile(file.hash, sha256, file.terms)])
    unnamed = (large_files.c.sha256 == sha256) & large_files.c.xet_hash.is_(None)
    conn.execute(large_files.update().where(unnamed).values(xet_hash=file.hash))


def find_file(conn: sa.Connection, xet_hash: str) -> XetFile | None:
    """The Xet file of this hash, whichever repositories hold it."""
    return _to_file(conn.execute(_FILE.where(xet_files.c.hash == xet_hash)).one_or_none())


def find_file_of(conn: sa.Connection, repo_id: int, xet_hash: str) -> XetFile | None:
    """The same, if the repository holds the file, however it was given its bytes."""
    links = repository_large_files
    query = _FILE.join_from(xet_files, links, links.c.sha256 == xet_files.c.sha256)
    query = query.where(links.c.repo_id == repo_id, xet_files.c.hash == xet_hash)
    return _to_file(conn.execute(query).one_or_none())


def known_sha256s(conn: sa.Connection, xet_hashes: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the Xet files that are stored already."""
    found: dict[str, str] = {}
    for some in in_chunks(sorted(set(xet_hashes))):
        query = sa.select(xet_files.c.hash, xet_files.c.sha256).where(xet_files.c.hash.in_(some))
        found.update((row.hash, row.sha256) for row in conn.execute(query))
    return found


def _use_xorbs(conn: sa.Connection, xorb_hashes: set[str]) -> None:
    """Hold the xorbs until files refer to them: they are neither idle nor waiting any more."""
    columns = xorbs.c
    for some in in_chunks(sorted(xorb_hashes)):
        query = sa.select(columns.hash).where(columns.hash.in_(some)).order_by(columns.hash)
        found = set(conn.execute(query.with_for_update(read=True, key_share=True)).scalars())
        if missing := set(some) - found:
            raise NotUploaded(f"xorb {min(missing)} was not uploaded", hint="upload it again")
        unused = columns.idle_since.is_not(None) | columns.waits_for_repo_id.is_not(None)
        row = xorbs.update().where(columns.hash.in_(some), unused)
        conn.execute(row.values(idle_since=None, waits_for_repo_id=None))


def _count_files_instead(conn: sa.Connection, files: Sequence[XetFile]) -> None:
    """Xorbs that somebody sent for a pull request count less by what the files have of them.

    Once: from then on they wait for no repository.
    """
    covered: Counter[str] = Counter()
    for file in files:
        for term in file.terms:
            covered[term.xorb] += term.unpacked_bytes
    sent = contributions.c
    here = sa.and_(sent.repo_id == xorbs.c.waits_for_repo_id, sent.sha256 == xorbs.c.hash)
    for some in in_chunks(sorted(covered)):
        query = sa.select(contributions).join(xorbs, here).where(xorbs.c.hash.in_(some))
        for row in conn.execute(query).all():
            left_bytes = max(0, row.size_bytes - covered[row.sha256])
            same = sa.and_(
                sent.repo_id == row.repo_id,
                sent.user_id == row.user_id,
                sent.sha256 == row.sha256,
            )
            conn.execute(contributions.update().where(same).values(size_bytes=left_bytes))


_FILE = sa.select(xet_files.c.hash, xet_files.c.sha256, xet_files.c.terms)


def _to_file(row: sa.Row[Any, Any, Any] | None) -> XetFile | None:
    return None if row is None else XetFile(row.hash, row.sha256, Terms(bytes(row.terms)))
