"""The rows of xorbs and Xet files.

A xorb's row says which blob holds its frames and what its chunks are; a Xet file's row says its
terms and its SHA-256, which was computed here from the bytes. Rows are written once and never
change: the hash in the key determines everything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.errors import NotUploaded
from paddock.hub.large import condemned
from paddock.hub.large.tables import xet_file_xorbs, xet_own_terms
from paddock.hub.tables import large_files, repository_large_files, xet_files, xorbs
from paddock.hub.xet import chunk_index
from paddock.hub.xet.contributed import count_files_instead
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.views import View, ViewedFile, ViewedXorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks, insert_ignore, insert_new


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
        "is_indexed": True,
    }
    condemned.release(conn, [xorb.blob.sha256])
    insert_ignore(conn, xorbs, [row])
    chunk_index.add(conn, xorb.hash, chunk_index.eligible_of(xorb.chunks))


def keep_xorb(conn: sa.Connection, xorb_hash: str) -> bool:
    """Let no sweep take the xorb soon, which somebody sent again; False when it is not there."""
    same = xorbs.update().where(xorbs.c.hash == xorb_hash)
    return conn.execute(same.values(idle_since=None)).rowcount == 1


def hold_xorbs(conn: sa.Connection, xorb_hashes: Iterable[str]) -> set[str]:
    """Those of the xorbs that are there; until the transaction ends nobody removes them."""
    found: set[str] = set()
    for some in in_chunks(sorted(set(xorb_hashes))):
        query = sa.select(xorbs.c.hash).where(xorbs.c.hash.in_(some)).order_by(xorbs.c.hash)
        found.update(conn.execute(query.with_for_update(read=True, key_share=True)).scalars())
    return found


def find_xorb(conn: sa.Connection, xorb_hash: str) -> StoredXorb | None:
    """The xorb of this hash, whoever uploaded it."""
    row = conn.execute(_XORB_OF, {"xorb_hash": xorb_hash}).one_or_none()
    return None if row is None else _to_xorb(row)


def find_xorbs(conn: sa.Connection, xorb_hashes: Sequence[str]) -> dict[str, StoredXorb]:
    """Those of the xorbs that are there, by hash; at most a few, for their tables are large."""
    rows = conn.execute(_XORB.where(xorbs.c.hash.in_(xorb_hashes)))
    return {row.hash: _to_xorb(row) for row in rows}


def add_files(conn: sa.Connection, files: Sequence[XetFile]) -> None:
    """Remember verified files; raises NotUploaded when a xorb of theirs was swept meanwhile."""
    made_of = {file.hash: sorted({term.xorb for term in file.terms}) for file in files}
    count_files_instead(conn, [file.terms for file in files])
    use_xorbs(conn, {xorb for some in made_of.values() for xorb in some})
    rows = [
        {
            "hash": file.hash,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "terms": file.terms.packed,
        }
        for file in files
    ]
    # A file that is known stays made of what it was made of: what was sent again is in no use.
    new = insert_held(conn, rows)
    links = [
        {"file_hash": file_hash, "xorb_hash": xorb}
        for file_hash, some in made_of.items()
        for xorb in some
        if file_hash in new
    ]
    insert_ignore(conn, xet_file_xorbs, links)
    index_first_chunks(conn, [file for file in files if file.hash in new])


def insert_held(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert rows of Xet files, and hold those that are there already until the transaction ends:
    no sweep takes them meanwhile. The hashes of the new ones."""
    new = set(insert_new(conn, xet_files, rows, xet_files.c.hash))
    held = set(new)
    for some in in_chunks(sorted({row["hash"] for row in rows} - new)):
        query = sa.select(xet_files.c.hash).where(xet_files.c.hash.in_(some))
        locked = query.order_by(xet_files.c.hash).with_for_update(read=True, key_share=True)
        held.update(conn.execute(locked).scalars())
    swept = [row for row in rows if row["hash"] not in held]  # while we waited for the lock
    return new | set(insert_new(conn, xet_files, swept, xet_files.c.hash))


def viewed_xorb(sha256: str, xorb: ViewedXorb) -> StoredXorb:
    """A view of the blob as a xorb."""
    return StoredXorb(xorb.hash, Blob(sha256, xorb.serialized_bytes), xorb.chunks, xorb.view)


def add_viewed_xorbs(conn: sa.Connection, sha256: str, viewed: Sequence[ViewedXorb]) -> None:
    """Remember views of a blob."""
    for xorb in viewed:
        add_xorb(conn, viewed_xorb(sha256, xorb), None)


def add_viewed_file(conn: sa.Connection, sha256: str, file: ViewedFile) -> None:
    """Let a large file, whose views are there, have a Xet hash unless it has one."""
    add_files(conn, [XetFile(file.hash, sha256, file.terms)])
    unnamed = (large_files.c.sha256 == sha256) & large_files.c.xet_hash.is_(None)
    conn.execute(large_files.update().where(unnamed).values(xet_hash=file.hash))


def find_file(conn: sa.Connection, xet_hash: str) -> XetFile | None:
    """The Xet file of this hash, whichever repositories hold it."""
    query = _FILE.where(xet_files.c.hash == xet_hash, xet_files.c.of_hash.is_(None))
    return _to_file(conn.execute(query).one_or_none())


def find_file_of(conn: sa.Connection, repo_id: int, xet_hash: str) -> XetFile | None:
    """The same, if the repository holds the file, in the terms that are for this repository."""
    asked = {"repo_id": repo_id, "xet_hash": xet_hash}
    return _to_file(conn.execute(_FILE_OF, asked).one_or_none())


def known_sha256s(conn: sa.Connection, xet_hashes: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the Xet files that are stored already."""
    found: dict[str, str] = {}
    for some in in_chunks(sorted(set(xet_hashes))):
        query = sa.select(xet_files.c.hash, xet_files.c.sha256).where(xet_files.c.hash.in_(some))
        found.update((row.hash, row.sha256) for row in conn.execute(query))
    return found


def held_by(conn: sa.Connection, repo_id: int, xet_hashes: Iterable[str]) -> set[str]:
    """Those of the Xet files that the repository holds already."""
    links = repository_large_files
    query = sa.select(xet_files.c.hash).join(links, links.c.sha256 == xet_files.c.sha256)
    query = query.where(links.c.repo_id == repo_id)
    return {
        held
        for some in in_chunks(sorted(set(xet_hashes)))
        for held in conn.execute(query.where(xet_files.c.hash.in_(some))).scalars()
    }


def index_first_chunks(conn: sa.Connection, files: Iterable[XetFile]) -> None:
    """Let files be found by their first chunks, which clients ask for."""
    starts: dict[str, set[int]] = defaultdict(set)
    for file in files:
        for term in islice(file.terms, 1):
            starts[term.xorb].add(term.start)
    for xorb_hash in sorted(starts):
        query = sa.select(xorbs.c.chunks).where(xorbs.c.hash == xorb_hash)
        chunks = ChunkTable(bytes(conn.execute(query).scalar_one()))
        first = [chunks.hashes(at, at + 1) for at in starts[xorb_hash]]
        chunk_index.add(conn, xorb_hash, first)


def use_xorbs(conn: sa.Connection, xorb_hashes: set[str]) -> None:
    """Hold the xorbs until files refer to them: they are neither idle nor waiting any more."""
    columns = xorbs.c
    if missing := xorb_hashes - hold_xorbs(conn, xorb_hashes):
        raise NotUploaded(f"xorb {min(missing)} was not uploaded", hint="upload it again")
    for some in in_chunks(sorted(xorb_hashes)):
        unused = columns.idle_since.is_not(None) | columns.waits_for_repo_id.is_not(None)
        row = xorbs.update().where(columns.hash.in_(some), unused)
        conn.execute(row.values(idle_since=None, waits_for_repo_id=None))


_XORB = sa.select(
    xorbs.c.hash,
    xorbs.c.blob_sha256,
    xorbs.c.serialized_bytes,
    xorbs.c.unpacked_bytes,
    xorbs.c.chunks,
    xorbs.c.view_start,
)
_XORB_OF = _XORB.where(xorbs.c.hash == sa.bindparam("xorb_hash"))


def _to_xorb(row: sa.Row[Any, Any, Any, Any, Any, Any]) -> StoredXorb:
    view = None if row.view_start is None else View(row.view_start, row.unpacked_bytes)
    blob = Blob(row.blob_sha256, row.serialized_bytes)
    return StoredXorb(row.hash, blob, ChunkTable(bytes(row.chunks)), view)


_FILE = sa.select(xet_files.c.hash, xet_files.c.sha256, xet_files.c.terms)
_OWN = xet_files.alias("own_files")
_FILE_OF = (
    sa.select(
        xet_files.c.hash,
        xet_files.c.sha256,
        sa.func.coalesce(_OWN.c.terms, xet_files.c.terms).label("terms"),
    )
    .join(repository_large_files, repository_large_files.c.sha256 == xet_files.c.sha256)
    .outerjoin(
        xet_own_terms,
        (xet_own_terms.c.repo_id == repository_large_files.c.repo_id)
        & (xet_own_terms.c.file_hash == xet_files.c.hash),
    )
    .outerjoin(_OWN, _OWN.c.hash == xet_own_terms.c.own_hash)
    .where(
        repository_large_files.c.repo_id == sa.bindparam("repo_id"),
        xet_files.c.hash == sa.bindparam("xet_hash"),
        xet_files.c.of_hash.is_(None),
    )
)


def _to_file(row: sa.Row[Any, Any, Any] | None) -> XetFile | None:
    return None if row is None else XetFile(row.hash, row.sha256, Terms(bytes(row.terms)))
