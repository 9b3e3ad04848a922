"""A xorb packed anew: its chunks, where they survived or were found again, in new frames.

A xorb is named by its chunks, not by how they are compressed, so the new blob may have another
digest than the old one: the row names it from then on, in one transaction, and what was there is
left to the sweep. Files and clients see the same xorb.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from paddock.hub.fsck.chunk_search import ChunkSearch, FoundChunks
from paddock.hub.fsck.copies import READ_BYTES, write_again
from paddock.hub.large import condemned
from paddock.hub.large.tables import xorb_variants
from paddock.hub.tables import xorbs
from paddock.hub.xet import hashes
from paddock.hub.xet.packing import pack_chunk
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob

_row = struct.Struct("<32sIII")


def rebuild(search: ChunkSearch, xorb: StoredXorb) -> bool:
    """Store the xorb anew if all of its chunks can be found; raises StorageFailed."""
    if not is_table_of(xorb.chunks, xorb.hash):
        return False
    wanted = {
        place.chunk_hash: place.size_bytes
        for place in search.surviving(xorb, 0, len(xorb.chunks))
        if place.content is None
    }
    with search.find(wanted, [xorb.hash]) as found:
        if len(found) < len(wanted):
            return False
        rows = bytearray()
        with tempfile.TemporaryFile() as packed:
            blob = _pack(packed, _frames(search, xorb, found, rows))
            pieces = iter(lambda: packed.read(READ_BYTES), b"")
            # What is damaged may have that very name, and the right size.
            if not write_again(search.blobs, blob, pieces):
                return False
    condemned.forget_removed(search.database, search.blobs, [blob.sha256])
    return _name(search, xorb, blob, bytes(rows))


def _pack(packed: BinaryIO, frames: Iterator[bytes]) -> Blob:
    """Write the frames to a file and go back to its beginning."""
    digest, size_bytes = hashlib.sha256(), 0
    for frame in frames:
        packed.write(frame)
        digest.update(frame)
        size_bytes += len(frame)
    packed.seek(0)
    return Blob(digest.hexdigest(), size_bytes)


def is_table_of(table: ChunkTable, xorb_hash: str) -> bool:
    """Whether the hashes in the table make the xorb's."""
    if not len(table):
        return False
    tree, packed = hashes.MergeTree(), table.hashes(0, len(table))
    for number, size_bytes in enumerate(table.sizes(0, len(table)).tolist()):
        tree.add(packed[number * 32 : number * 32 + 32], size_bytes)
    return hashes.to_text(tree.root()) == xorb_hash


def _frames(
    search: ChunkSearch, xorb: StoredXorb, found: FoundChunks, rows: bytearray
) -> Iterator[bytes]:
    """The frames in order; ``rows`` becomes the table that tells where they lie."""
    at = 0
    for place in search.surviving(xorb, 0, len(xorb.chunks)):
        content = place.content
        chunk = found.get(place.chunk_hash) if content is None else content
        frame = pack_chunk(chunk)
        rows += _row.pack(place.chunk_hash, place.size_bytes, at, at + len(frame))
        at += len(frame)
        yield frame


def _name(search: ChunkSearch, xorb: StoredXorb, blob: Blob, table: bytes) -> bool:
    """Let the rows that name the old blob for this xorb name the new one: its own row, and those of
    repositories that see it in another form."""
    values = {
        "blob_sha256": blob.sha256,
        "serialized_bytes": blob.size_bytes,
        "chunks": table,
        "view_start": None,
    }
    old = xorb.blob.sha256
    own = (xorbs.c.hash == xorb.hash) & (xorbs.c.blob_sha256 == old)
    form = xorb_variants.c
    others = (form.xorb_hash == xorb.hash) & (form.blob_sha256 == old)
    with search.database.write() as conn:
        condemned.release(conn, [blob.sha256])
        changed = conn.execute(xorbs.update().where(own).values(values)).rowcount
        changed += conn.execute(xorb_variants.update().where(others).values(values)).rowcount
    return changed > 0
