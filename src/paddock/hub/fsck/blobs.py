"""Rows against blobs: each that a row names is there and has its size; deeply, its digest, too.

Blobs that no row names are no fault: the sweep takes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa

from paddock.hub.fsck import concerns
from paddock.hub.fsck.checkers import Checking
from paddock.hub.fsck.findings import Concerns, Fault
from paddock.hub.fsck.promises import Promise, is_promised, promised
from paddock.hub.fsck.repairing import Repairs
from paddock.storage.blobs import BlobMissing, BlobStore
from paddock.storage.errors import StorageFailed

# A store that cannot be asked says nothing about what it holds.
_NO_ANSWER = {"store_unavailable", "store_refused"}


def check_blobs(checking: Checking, after: str) -> Iterator[str]:
    """Every blob that a row names, by digest; raises StorageFailed when the store gives no
    answer."""
    for promise in promised(checking.database, after):
        found = fault_of(checking.blobs, promise, is_deep=checking.is_deep)
        if found is not None and is_promised(checking.database, promise.sha256):
            fault, told = found
            checking.report(
                fault,
                promise.sha256,
                told,
                partial(_anew, promise=promise),
                partial(_whose, sha256=promise.sha256),
            )
        checking.add("blobs")
        checking.add("bytes", promise.size_bytes or 0)
        yield promise.sha256


def fault_of(store: BlobStore, promise: Promise, *, is_deep: bool) -> tuple[Fault, str] | None:
    """What is wrong with a blob, in a sentence."""
    size_bytes = store.size_bytes(promise.sha256)
    if size_bytes is None:
        return Fault.BLOB_MISSING, "a row names this blob, and it is not there"
    if promise.size_bytes not in (None, size_bytes):
        told = f"the blob has {size_bytes} bytes instead of {promise.size_bytes}"
        return Fault.BLOB_DAMAGED, told
    if not is_deep:
        return None
    digest = hashlib.sha256()
    try:
        for piece in store.read(promise.sha256):
            digest.update(piece)
    except BlobMissing:
        return Fault.BLOB_MISSING, "a row names this blob, and it is not there"
    except StorageFailed as error:
        if error.code in _NO_ANSWER:
            raise
        return Fault.BLOB_DAMAGED, f"the blob cannot be read: {error.message}"
    if digest.hexdigest() != promise.sha256:
        return Fault.BLOB_DAMAGED, f"the blob's bytes have SHA-256 {digest.hexdigest()}"
    return None


def _whose(conn: sa.Connection, sha256: str) -> Concerns:
    return concerns.of_blob(conn, sha256)


def _anew(repairs: Repairs, promise: Promise) -> str | None:
    return repairs.blob(promise)
