"""Blobs on their way into an S3 bucket: hashed as they come, seen by nobody before they are proven.

An object appears in a bucket all at once: when its one request, or the request that completes its
parts, is done. A blob whose digest was announced therefore streams to its final key and is
completed only if the bytes have that digest; another one waits on this machine until its digest,
and with it its key, is known. What breaks off leaves parts that nobody sees and the store, told
so (``s3_leftovers``), forgets.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore

from paddock import clock
from paddock.storage.blobs import Blob, check_announced
from paddock.storage.errors import StorageFailed, os_errors
from paddock.storage.s3_connection import S3Connection, StoreUnavailable, store_errors

# S3 takes pieces from 5 MiB and at most 10,000 of them.
PIECE_BYTES = 8 << 20
MAX_PIECES = 10_000
PIECES_AT_ONCE = 2
MEMORY_BYTES = 1 << 20  # of a blob without announced digest; more waits in a file
# A blob that is found there is stored again unless it is so young that nobody deletes it as unused.
YOUNG = timedelta(hours=1)

Key = Callable[[str], str]


class ObjectWriter:
    """An object that streams into the bucket and appears with ``finish``, or never."""

    def __init__(
        self,
        connection: S3Connection,
        key: str,
        size_bytes: int | None = None,
        *,
        named_by_content: bool = False,
    ) -> None:
        self._connection = connection
        self._key = key
        self._size_bytes = 0
        self._named_by_content = named_by_content
        piece_bytes = max(PIECE_BYTES, -(-(size_bytes or 0) // MAX_PIECES))
        self._pipe: Any = obstore.open_writer(
            connection.requests, key, buffer_size=piece_bytes, max_concurrency=PIECES_AT_ONCE
        )

    def write(self, chunk: bytes | memoryview) -> None:
        # What is sent later is not copied, and the caller may use its memory again.
        owned = chunk if isinstance(chunk, bytes) else bytes(chunk)
        with store_errors("storing an object"):
            self._pipe.write(owned)
        self._size_bytes += memoryview(chunk).nbytes

    def finish(self) -> None:
        """Let the object appear, whole; raises StorageFailed when that is not certain."""
        pipe, self._pipe = self._pipe, None
        if self._named_by_content:
            store_named(self._connection, self._key, self._size_bytes, pipe.close)
        else:
            with _sending():
                pipe.close()
            _require(self._connection, self._key, self._size_bytes)

    def discard(self) -> None:
        """Forget what was written; no error after ``finish``."""
        self._pipe = None  # never closed, so never completed


def store_named(
    connection: S3Connection, key: str, size_bytes: int, send: Callable[[], object]
) -> None:
    """Run ``send``, which puts the one object that can have this key; raises StorageFailed.

    Its answer may be lost when the object is there, so what counts is what is there then.
    """
    try:
        with _sending():
            send()
    except StorageFailed:
        if not is_there(connection, key, size_bytes):
            raise
    else:
        _require(connection, key, size_bytes)


@contextmanager
def _sending() -> Iterator[None]:
    try:
        with store_errors("storing an object"):
            yield
    except FileNotFoundError as error:  # the bucket, or the parts of an upload, are gone
        raise StoreUnavailable("the object store lost what was sent", hint="try again") from error


def _require(connection: S3Connection, key: str, size_bytes: int) -> None:
    """An answer alone is no object: look."""
    found = connection.head(key)
    if found is None or found["size"] != size_bytes:
        raise StoreUnavailable("the object store took the bytes and does not have them")


def is_there(connection: S3Connection, key: str, size_bytes: int) -> bool:
    """Whether the whole object was stored in the last hour."""
    found = connection.head(key)
    if found is None or found["size"] != size_bytes:
        return False
    young: bool = clock.now() - found["last_modified"] < YOUNG
    return young


class AnnouncedBlobWriter:
    """A blob of known digest, straight to its final key.

    Unless it ``believes`` what is there, a young object of that key is replaced, too.
    """

    def __init__(
        self,
        connection: S3Connection,
        key: str,
        sha256: str,
        size_bytes: int | None,
        *,
        believes: bool = True,
    ) -> None:
        self._connection = connection
        self._key = key
        self._expected = (sha256, size_bytes)
        self._believes = believes
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._object: ObjectWriter | None = None

    def write(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes
        if self._object is not None:
            self._object.write(chunk)

    def commit(self, *, sha256: str | None = None, size_bytes: int | None = None) -> Blob:
        blob = Blob(self._sha256.hexdigest(), self._size_bytes)
        check_announced(blob, *self._expected)
        check_announced(blob, sha256, size_bytes)
        if self._object is not None:
            self._object.finish()
        return blob

    def __enter__(self) -> AnnouncedBlobWriter:
        size_bytes = self._expected[1]
        may_be_there = size_bytes is not None and self._believes
        there = may_be_there and is_there(self._connection, self._key, size_bytes or 0)
        if not there:  # else the bytes are only hashed: whoever sends them proves to have them
            self._object = ObjectWriter(
                self._connection, self._key, size_bytes, named_by_content=self._believes
            )
        return self

    def __exit__(self, *exc: object) -> None:
        if self._object is not None:
            self._object.discard()


class WaitingBlobWriter:
    """A blob of unknown digest: kept here until it is known, then put under it."""

    def __init__(self, connection: S3Connection, key_of: Key) -> None:
        self._connection = connection
        self._key_of = key_of
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._kept = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115

    def write(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes
        with os_errors("keeping a blob aside"):
            self._kept.write(chunk)

    def commit(self, *, sha256: str | None = None, size_bytes: int | None = None) -> Blob:
        blob = Blob(self._sha256.hexdigest(), self._size_bytes)
        check_announced(blob, sha256, size_bytes)
        key = self._key_of(blob.sha256)
        if not is_there(self._connection, key, blob.size_bytes):
            store_named(self._connection, key, blob.size_bytes, lambda: self._put(key))
        return blob

    def _put(self, key: str) -> None:
        with os_errors("reading a blob that was kept aside"):
            self._kept.seek(0)
        sending: Any = self._kept.read() if self._size_bytes <= PIECE_BYTES else self._kept
        obstore.put(
            self._connection.requests,
            key,
            sending,
            chunk_size=PIECE_BYTES,
            max_concurrency=PIECES_AT_ONCE,
        )

    def __enter__(self) -> WaitingBlobWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._kept.close()
