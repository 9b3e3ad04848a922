"""Keeping what a push brought: objects, and the rows of commits that walks need.

Knows rows and the blob store; does not decide anything. Larger files are durable in the blob store
before the transaction begins; all else is written inside it, in batches of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

from paddock.front_matter import CARD_NAME
from paddock.hub.git.commit_objects import identity
from paddock.hub.git.objects import (
    MAX_INLINE_BYTES,
    GitObject,
    ObjectType,
    write_objects,
)
from paddock.hub.git_http.arrivals import Arrival, Blob
from paddock.hub.git_http.object_rules import ParsedCommit
from paddock.hub.git_http.pack_reading import IncomingPack
from paddock.hub.large.condemned import forget_removed
from paddock.hub.large.pointers import MAX_POINTER_BYTES
from paddock.hub.tables import commits
from paddock.hub.types import Account, Repository
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore

# Over this much in one push, all but tiny files go to the blob store instead of their rows.
INLINE_BUDGET_BYTES = 128 << 20
_BATCH_BYTES = 8 << 20
_BATCH_OBJECTS = 2000


def store_larger(
    pack: IncomingPack, arrival: Arrival, database: Database, blobs: BlobStore
) -> dict[bytes, str]:
    """Put files that are too large for a row into the blob store: the SHA-256 of each."""
    stored: dict[bytes, str] = {}
    inline_bytes = 0
    for blob in arrival.blobs:
        size = pack.size_of(blob.oid)
        most = MAX_INLINE_BYTES if inline_bytes + size <= INLINE_BUDGET_BYTES else MAX_POINTER_BYTES
        if size <= most or _is_card(blob):
            inline_bytes += size
            continue
        with blobs.begin() as writer:
            writer.write(pack.content(blob.oid))
            stored[blob.oid] = writer.commit().sha256
    forget_removed(database, blobs, stored.values())
    return stored


def write_arrival(
    conn: sa.Connection,
    repo: Repository,
    pack: IncomingPack,
    arrival: Arrival,
    stored: Mapping[bytes, str],
) -> None:
    """Write every object of the arrival; raises QuotaExceeded, BlobWentAway."""
    batch: list[GitObject] = []
    batch_bytes = 0
    for item in _objects(pack, arrival, stored):
        batch.append(item)
        batch_bytes += len(item.content or b"")
        if batch_bytes >= _BATCH_BYTES or len(batch) >= _BATCH_OBJECTS:
            write_objects(conn, repo.id, batch)
            batch, batch_bytes = [], 0
    write_objects(conn, repo.id, batch)


def write_commits(
    conn: sa.Connection,
    repo: Repository,
    arrived: Mapping[str, ParsedCommit],
    pusher: Account | None,
) -> None:
    """The commits as rows; one is the pusher's own when it has an address of theirs."""
    heights = _heights(conn, repo, arrived)
    addresses = _addresses(pusher) if pusher else set()
    for oids in in_chunks(list(arrived), _BATCH_OBJECTS):
        insert_ignore(
            conn,
            commits,
            [
                {
                    "repo_id": repo.id,
                    "oid": oid,
                    "tree_oid": arrived[oid].tree,
                    "parents": " ".join(arrived[oid].parents),
                    "height": heights[oid],
                    "author": arrived[oid].author,
                    "user_id": pusher.id
                    if pusher and _address(arrived[oid]) in addresses
                    else None,
                    "committed_at": datetime.fromtimestamp(arrived[oid].committed_at, UTC),
                    "message": arrived[oid].message,
                }
                for oid in oids
            ],
        )


def _objects(
    pack: IncomingPack, arrival: Arrival, stored: Mapping[bytes, str]
) -> Iterator[GitObject]:
    """Each as a row will have it; ids and pointers were found when the pack was looked at."""
    for type_, oids in (
        (ObjectType.COMMIT, map(bytes.fromhex, arrival.commits)),
        (ObjectType.TAG, dict.fromkeys(arrival.tags)),
        (ObjectType.TREE, arrival.folders),
    ):
        for oid in oids:
            content = pack.content(oid)
            yield GitObject(oid.hex(), type_, content, len(content))
    for blob in arrival.blobs:
        hex_oid, size = blob.oid.hex(), pack.size_of(blob.oid)
        if sha256 := stored.get(blob.oid):
            yield GitObject(hex_oid, ObjectType.BLOB, None, size, blob_sha256=sha256)
        else:
            content = pack.content(blob.oid)
            yield GitObject(hex_oid, ObjectType.BLOB, content, size, pointer=blob.pointer)


def _heights(
    conn: sa.Connection, repo: Repository, arrived: Mapping[str, ParsedCommit]
) -> dict[str, int]:
    """A commit is one higher than its highest parent; parents are measured first."""
    heights = _known_heights(conn, repo, arrived)
    stack = list(arrived)
    while stack:
        oid = stack[-1]
        if oid in heights:
            stack.pop()
            continue
        unknown = [parent for parent in arrived[oid].parents if parent not in heights]
        if unknown:
            stack += unknown
            continue
        heights[oid] = 1 + max((heights[parent] for parent in arrived[oid].parents), default=0)
        stack.pop()
    return heights


def _known_heights(
    conn: sa.Connection, repo: Repository, arrived: Mapping[str, ParsedCommit]
) -> dict[str, int]:
    parents: Iterable[str] = (oid for commit in arrived.values() for oid in commit.parents)
    outside = sorted({oid for oid in parents if oid not in arrived})
    query = sa.select(commits.c.oid, commits.c.height).where(commits.c.repo_id == repo.id)
    found: dict[str, int] = {}
    for some in in_chunks(outside):
        found.update(
            (row.oid, row.height) for row in conn.execute(query.where(commits.c.oid.in_(some)))
        )
    return found


def _addresses(account: Account) -> set[str]:
    own = f"{account.email}>" if account.email else ""
    return {identity(account).rpartition("<")[2], own}


def _address(commit: ParsedCommit) -> str:
    return commit.author.rpartition("<")[2]


def _is_card(blob: Blob) -> bool:
    # The catalogue reads the card inside the transaction: it is always in its row.
    return blob.path == CARD_NAME
