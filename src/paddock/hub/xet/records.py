"""The rows of xorbs and Xet files.

A xorb's row says which blob holds its frames and what its chunks are; a Xet file's row says its
terms and its SHA-256, which was computed here from the bytes. Rows are written once and never
change: the hash in the key determines everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.tables import repository_large_files, xet_files, xorbs
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks, insert_ignore


class StoredXorb(NamedTuple):
    """A xorb whose frames are in the blob store."""

    hash: str
    blob: Blob
    chunks: ChunkTable


class XetFile(NamedTuple):
    """A file that every byte of was read once, to know its SHA-256."""

    hash: str
    sha256: str
    terms: Terms

    @property
    def size_bytes(self) -> int:
        return self.terms.size_bytes


def add_xorb(conn: sa.Connection, xorb: StoredXorb) -> None:
    """Remember a verified xorb."""
    row = {
        "hash": xorb.hash,
        "blob_sha256": xorb.blob.sha256,
        "serialized_bytes": xorb.blob.size_bytes,
        "unpacked_bytes": xorb.chunks.unpacked_bytes(),
        "chunk_count": len(xorb.chunks),
        "chunks": xorb.chunks.packed,
        "created_at": clock.now(),
    }
    insert_ignore(conn, xorbs, [row])


def find_xorb(conn: sa.Connection, xorb_hash: str) -> StoredXorb | None:
    """The xorb of this hash, whoever uploaded it."""
    columns = xorbs.c
    query = sa.select(columns.blob_sha256, columns.serialized_bytes, columns.chunks)
    row = conn.execute(query.where(columns.hash == xorb_hash)).one_or_none()
    if row is None:
        return None
    blob = Blob(row.blob_sha256, row.serialized_bytes)
    return StoredXorb(xorb_hash, blob, ChunkTable(bytes(row.chunks)))


def add_files(conn: sa.Connection, files: Sequence[XetFile]) -> None:
    """Remember verified files."""
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


_FILE = sa.select(xet_files.c.hash, xet_files.c.sha256, xet_files.c.terms)


def _to_file(row: sa.Row[Any, Any, Any] | None) -> XetFile | None:
    return None if row is None else XetFile(row.hash, row.sha256, Terms(bytes(row.terms)))
