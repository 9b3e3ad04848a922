"""Xorbs in the form in which somebody sent them who could not know that they were here already.

A xorb's hash is that of its unpacked chunks; clients may pack them otherwise. A xorb is stored as
it came first, and reconstructions show where its frames lie. So who sends one that others hold in
private would see from that how they packed it, and that they did: to the sender's repositories it
is as they sent it themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from paddock import clock
from paddock.hub.large import condemned
from paddock.hub.large.tables import xet_file_xorbs, xorb_variants
from paddock.hub.tables import xet_files
from paddock.hub.xet.records import StoredXorb, find_xorb, keep_xorb
from paddock.hub.xet.views import View
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.sql import in_chunks, insert_ignore

_ROW = xorb_variants.c
_ANY = sa.select(_ROW.repo_id).where(_ROW.repo_id == sa.bindparam("repo_id")).limit(1)


def add(conn: sa.Connection, xorb: StoredXorb, repo_id: int, account_id: int) -> None:
    """Let the repository see the xorb, whose row is there, as the account sent it."""
    row = {
        "xorb_hash": xorb.hash,
        "repo_id": repo_id,
        "account_id": account_id,
        "blob_sha256": xorb.blob.sha256,
        "serialized_bytes": xorb.blob.size_bytes,
        "chunks": xorb.chunks.packed,
        "view_start": xorb.view.start if xorb.view else None,
        "sent_at": clock.now(),
    }
    condemned.release(conn, [xorb.blob.sha256])
    insert_ignore(conn, xorb_variants, [row])


def add_if_other(conn: sa.Connection, xorb: StoredXorb, repo_id: int, account_id: int) -> None:
    """The same if the xorb's row is there in another form than this one."""
    keep_xorb(conn, xorb.hash)
    stored = find_xorb(conn, xorb.hash)
    if stored is not None and (stored.blob, stored.view) != (xorb.blob, xorb.view):
        add(conn, xorb, repo_id, account_id)


def are_in(conn: sa.Connection, repo_id: int) -> bool:
    """Whether the repository sees any xorb otherwise: nearly none does."""
    return conn.execute(_ANY, {"repo_id": repo_id}).first() is not None


def among(conn: sa.Connection, repo_id: int, xorb_hashes: Sequence[str]) -> dict[str, StoredXorb]:
    """Those of a few xorbs that the repository sees otherwise than they are stored, by hash."""
    found: dict[str, StoredXorb] = {}
    query = sa.select(xorb_variants).where(_ROW.repo_id == repo_id)
    for row in conn.execute(query.where(_ROW.xorb_hash.in_(xorb_hashes))):
        chunks = ChunkTable(bytes(row.chunks))
        view = None if row.view_start is None else View(row.view_start, chunks.unpacked_bytes())
        blob = Blob(row.blob_sha256, row.serialized_bytes)
        found[row.xorb_hash] = StoredXorb(row.xorb_hash, blob, chunks, view)
    return found


def carry(conn: sa.Connection, account_id: int, repo_id: int, xorb_hashes: Iterable[str]) -> None:
    """Let a repository that is given a file made of these xorbs see them as its sender does."""
    for some in in_chunks(sorted(set(xorb_hashes))):
        query = sa.select(xorb_variants).where(_ROW.xorb_hash.in_(some))
        _give(conn, query.where(_ROW.account_id == account_id), repo_id)


def copy(conn: sa.Connection, source_id: int, target_id: int, sha256s: Iterable[str]) -> None:
    """Let a copy of these files be seen as the source sees them."""
    if not are_in(conn, source_id):
        return
    for some in in_chunks(sorted(set(sha256s))):
        of_files = (
            sa.select(xet_file_xorbs.c.xorb_hash)
            .join(xet_files, xet_files.c.hash == xet_file_xorbs.c.file_hash)
            .where(xet_files.c.sha256.in_(some))
        )
        query = sa.select(xorb_variants).where(_ROW.repo_id == source_id)
        _give(conn, query.where(_ROW.xorb_hash.in_(of_files)), target_id)


def _give(conn: sa.Connection, query: sa.Select[tuple[object, ...]], repo_id: int) -> None:
    now = clock.now()
    rows = [{**row, "repo_id": repo_id, "sent_at": now} for row in conn.execute(query).mappings()]
    unique = {row["xorb_hash"]: row for row in rows}
    condemned.release(conn, {row["blob_sha256"] for row in rows})
    insert_ignore(conn, xorb_variants, list(unique.values()))
