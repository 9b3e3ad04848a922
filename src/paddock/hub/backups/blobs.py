"""Which blobs a hub's rows name; copied into a folder, and out of it with their digests checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.backups.errors import BadBackup
from paddock.hub.garbage.referrers import naming_columns, only_blobs
from paddock.storage.blobs import BlobMissing, BlobStore, DigestMismatch

_LINE = re.compile(r"([0-9a-f]{64}) (\d{1,18})\n")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EVERY = 200  # blobs between two moments at which the hold is moved on


class Copied(NamedTuple):
    """What was done."""

    blobs: int = 0
    bytes: int = 0
    new_blobs: int = 0
    new_bytes: int = 0
    missing: int = 0


def named_blobs(conn: sa.Connection) -> list[str]:
    """Every digest that a row may name a blob by, in order."""
    found: set[str] = set()
    for column in naming_columns():
        query = sa.select(column).where(column.is_not(None), only_blobs(column)).distinct()
        found.update(d for d in conn.execute(query).scalars() if _SHA256.fullmatch(d))
    return sorted(found)


def copy_blobs(
    store: BlobStore,
    target: BlobStore | None,
    names: list[str],
    listed: Path,
    go_on: Callable[[], None],
) -> Copied:
    """Write the list, and copy what the target does not hold; without a target only the list."""
    done = Copied()
    with listed.open("x") as file:
        for number, sha256 in enumerate(names):
            if number % _EVERY == 0:
                go_on()
            size_bytes = store.size_bytes(sha256)
            if size_bytes is None:
                done = done._replace(missing=done.missing + 1)
                continue
            file.write(f"{sha256} {size_bytes}\n")
            done = done._replace(blobs=done.blobs + 1, bytes=done.bytes + size_bytes)
            if target is not None and target.size_bytes(sha256) != size_bytes:
                copy_blob(store, target, sha256, size_bytes)
                done = done._replace(
                    new_blobs=done.new_blobs + 1, new_bytes=done.new_bytes + size_bytes
                )
    return done


def copy_blob(store: BlobStore, target: BlobStore, sha256: str, size_bytes: int) -> None:
    """The bytes, proven to have the digest; raises BadBackup."""
    try:
        with target.begin(sha256=sha256, size_bytes=size_bytes) as writer:
            for piece in store.read(sha256):
                writer.write(piece)
            writer.commit(sha256=sha256, size_bytes=size_bytes)
    except (BlobMissing, DigestMismatch) as e:
        raise BadBackup(
            f"the blob {sha256} is damaged or gone: {e.message}", hint="see paddock admin fsck"
        ) from e


def read_list(path: Path) -> Iterator[tuple[str, int]]:
    """The blobs of a backup; raises BadBackup."""
    with path.open() as file:
        while line := file.readline(100):
            match = _LINE.fullmatch(line)
            if match is None:
                raise BadBackup(f"{path.name} is no list of blobs")
            yield match[1], int(match[2])
