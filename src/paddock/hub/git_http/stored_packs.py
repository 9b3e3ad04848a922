"""The pack of a whole repository that restarts and other servers find: a row and a blob.

The blob is the pack as a clone receives it, and behind it the sorted ids of its objects.

Knows how a pack is stored, replaced and found; does not know when it should be. A row is a hint: a
pack is used only after a look at what a clone wants (``selection``), and a blob that went is as if
there were none. What a row no longer names the sweep removes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.git_http.pack_cache import (
    DIGEST_BYTES,
    HEAD_BYTES,
    ID_BYTES,
    MAX_PACK_BYTES,
    KeptPack,
    Recording,
    Scratch,
)
from paddock.hub.git_http.tables import kept_packs
from paddock.hub.large import condemned
from paddock.hub.tables import git_objects, repositories
from paddock.storage.blobs import Blob

MIN_STORED_OBJECTS = 1000  # below, making the pack takes less time than git does with it
MAX_TIPS = 50

_ROW = kept_packs.c


class StoredPack(NamedTuple):
    """A row."""

    blob_sha256: str
    size_bytes: int  # of the pack
    object_count: int
    digest: bytes
    tips: frozenset[str]
    tags: frozenset[str]
    held_objects: int

    @property
    def ids_end(self) -> int:
        return self.size_bytes + self.object_count * ID_BYTES


class NewPack(NamedTuple):
    """A pack that is to be stored; its ids are read once it is."""

    object_count: int
    tips: frozenset[str]
    tags: frozenset[str]
    pieces: Iterable[bytes]
    read_ids: Callable[[], bytes]


def find(conn: sa.Connection, repo_id: int) -> StoredPack | None:
    """The repository's pack."""
    row = conn.execute(kept_packs.select().where(_ROW.repo_id == repo_id)).one_or_none()
    if row is None:
        return None
    return StoredPack(
        row.blob_sha256,
        row.size_bytes,
        row.object_count,
        bytes.fromhex(row.digest),
        frozenset(row.tips.split()),
        frozenset(row.tags.split()),
        row.held_objects,
    )


def candidates(hub: Hub, repo_id: int, *, by_offset: bool) -> Iterator[KeptPack]:
    """Packs that may serve a whole clone, the largest first; what is stored needs offsets."""
    at_hand = hub.packs.find(repo_id, by_offset=by_offset)
    stored = None
    if by_offset:
        with hub.database.read() as conn:
            stored = find(conn, repo_id)
    if stored is not None and not any(_same(pack, stored) for pack in at_hand):
        while at_hand and at_hand[0].object_count > stored.object_count:
            yield at_hand.pop(0)
        if pack := open_pack(hub, repo_id, stored):
            yield pack
    yield from at_hand


def open_pack(hub: Hub, repo_id: int, stored: StoredPack) -> KeptPack | None:
    """The pack, ready to be read; None when its bytes are gone."""
    size_bytes = stored.size_bytes - HEAD_BYTES - DIGEST_BYTES
    path = hub.blobs.local_path(stored.blob_sha256)
    if path is not None:
        try:
            scratch = Scratch(os.open(path, os.O_RDONLY))
        except FileNotFoundError:
            return None
        pieces = partial(scratch.pieces, HEAD_BYTES, size_bytes)
        read_ids = partial(scratch.read, stored.size_bytes, stored.object_count * ID_BYTES)
    elif hub.blobs.size_bytes(stored.blob_sha256) == stored.ids_end:
        pieces = partial(_fetched, hub, repo_id, stored)
        read_ids = partial(_fetch_ids, hub, stored)
    else:
        return None
    facts = stored.tips, stored.tags, stored.object_count
    return KeptPack(*facts, size_bytes, pieces, read_ids, stored.digest)


def count_held(conn: sa.Connection, repo_id: int) -> int:
    """How many git objects the repository holds, whatever leads to them."""
    query = sa.select(sa.func.count()).where(git_objects.c.repo_id == repo_id)
    return int(conn.execute(query).scalar_one())


def store(hub: Hub, repo_id: int, new: NewPack) -> None:
    """Let this be the repository's pack from now on; raises BlobWentAway, StorageFailed."""
    digest = b""
    with hub.blobs.begin() as writer:
        for piece in new.pieces:
            writer.write(piece)
            digest = (digest + piece[-DIGEST_BYTES:])[-DIGEST_BYTES:]
        writer.write(new.read_ids())
        blob = writer.commit()
    condemned.forget_removed(hub.database, hub.blobs, [blob.sha256])
    with hub.database.write() as conn:
        _replace(conn, repo_id, new, blob, digest)


def forget(conn: sa.Connection, repo_id: int) -> None:
    """The repository has no pack any more."""
    conn.execute(kept_packs.delete().where(_ROW.repo_id == repo_id))


def is_storable(pack: KeptPack) -> bool:
    """Whether a pack is large enough to be worth it, and not too large."""
    return (
        pack.object_count >= MIN_STORED_OBJECTS
        and pack.size_bytes <= MAX_PACK_BYTES
        and len(pack.tips) + len(pack.tags) <= MAX_TIPS
    )


def _replace(conn: sa.Connection, repo_id: int, new: NewPack, blob: Blob, digest: bytes) -> None:
    row = sa.select(repositories.c.id).where(repositories.c.id == repo_id).with_for_update()
    if conn.execute(row).first() is None:  # deleted meanwhile
        return
    condemned.release(conn, [blob.sha256])
    forget(conn, repo_id)
    conn.execute(
        kept_packs.insert().values(
            repo_id=repo_id,
            blob_sha256=blob.sha256,
            size_bytes=blob.size_bytes - new.object_count * ID_BYTES,
            object_count=new.object_count,
            digest=digest.hex(),
            tips=" ".join(sorted(new.tips)),
            tags=" ".join(sorted(new.tags)),
            held_objects=count_held(conn, repo_id),
        )
    )


def _fetched(hub: Hub, repo_id: int, stored: StoredPack) -> Iterator[bytes]:
    """The entries from a store that is not of this machine, kept here for the next clone."""
    recording = Recording(stored.object_count)
    end = stored.size_bytes - DIGEST_BYTES
    yield from recording.taking(hub.blobs.read(stored.blob_sha256, HEAD_BYTES, end))
    ids = _fetch_ids(hub, stored)
    if pack := recording.pack(stored.tips, stored.tags, ids, stored.digest):
        hub.packs.keep(repo_id, pack, by_offset=True)


def _fetch_ids(hub: Hub, stored: StoredPack) -> bytes:
    return b"".join(hub.blobs.read(stored.blob_sha256, stored.size_bytes, stored.ids_end))


def _same(pack: KeptPack, stored: StoredPack) -> bool:
    return pack.tips == stored.tips and pack.tags == stored.tags
