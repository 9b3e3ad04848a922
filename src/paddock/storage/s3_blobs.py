"""Blobs in an S3 bucket: objects ``blobs/<first two digits>/<sha256>``.

Knows objects and digests; does not know what the bytes mean. An object of that name exists only
after its bytes were hashed on their way there, so presence is proof, as in a folder. Any number of
servers share a bucket: nothing is remembered here, and nothing is kept on this machine.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from paddock import clock
from paddock.digest import is_sha256
from paddock.storage.blobs import (
    Blob,
    BlobWriter,
    DigestMismatch,
    StoredBlob,
    check_part_number,
    check_sha256,
    check_upload_id,
    missing,
)
from paddock.storage.s3_address import Allowed, Bucket, sign_address
from paddock.storage.s3_connection import S3Connection
from paddock.storage.s3_leftovers import remove_leftovers
from paddock.storage.s3_parts import S3Parts, S3PartWriter
from paddock.storage.s3_reading import READ_BYTES, RangeFile, open_range, read_pieces
from paddock.storage.s3_writing import AnnouncedBlobWriter, WaitingBlobWriter

FOLDER = "blobs"


class S3BlobStore:
    """A ``BlobStore`` in one bucket, which several servers may share."""

    def __init__(self, connection: S3Connection) -> None:
        self._connection = connection
        self._parts = S3Parts(connection)

    @property
    def bucket(self) -> Bucket:
        return self._connection.bucket

    @property
    def sends_directly(self) -> bool:
        return self.bucket.direct

    def begin(self, *, sha256: str | None = None, size_bytes: int | None = None) -> BlobWriter:
        if sha256 is None:
            return WaitingBlobWriter(self._connection, _key)
        return AnnouncedBlobWriter(self._connection, _key(sha256), sha256, size_bytes)

    def begin_again(self, sha256: str, size_bytes: int) -> BlobWriter:
        key = _key(sha256)
        return AnnouncedBlobWriter(self._connection, key, sha256, size_bytes, believes=False)

    def size_bytes(self, sha256: str) -> int | None:
        found = self._connection.head(_key(sha256))
        return None if found is None else int(found["size"])

    def open(self, sha256: str) -> BinaryIO:
        size_bytes = self.size_bytes(sha256)
        if size_bytes is None:
            raise missing(sha256)
        return io.BufferedReader(RangeFile(self._connection, _key(sha256), size_bytes), READ_BYTES)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            opened = open_range(self._connection, _key(sha256), start, end)
        except FileNotFoundError as error:
            raise missing(sha256) from error
        if opened is None:
            return iter(())
        answer, stop, size_bytes = opened
        is_whole = (start, stop) == (0, size_bytes)
        return read_pieces(answer, start, stop, sha256 if is_whole else None)

    def local_path(self, sha256: str) -> Path | None:
        check_sha256(sha256)
        return None

    def delete(self, sha256: str) -> None:
        self._connection.delete([_key(sha256)])

    def stored(self) -> Iterator[StoredBlob]:
        for found in self._connection.list(FOLDER):
            sha256 = found["path"].rpartition("/")[2]
            if is_sha256(sha256):
                yield StoredBlob(sha256, found["size"], found["last_modified"])

    def download_url(
        self,
        sha256: str,
        *,
        seconds: int,
        filename: str | None = None,
        content_type: str | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> str | None:
        if not self.sends_directly:
            return None
        query = {"response-cache-control": "private"}
        if content_type is not None:
            query["response-content-type"] = content_type
        if filename is not None:
            named = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
            query["response-content-disposition"] = named
        headers = {}
        if byte_range is not None:
            headers["range"] = f"bytes={byte_range[0]}-{byte_range[1] - 1}"
        get = Allowed("GET", self.bucket.full_key(_key(sha256)), query, headers)
        return sign_address(self.bucket, get, now=clock.now(), seconds=seconds, public=True)

    def begin_part(self, upload_id: str, number: int) -> S3PartWriter:
        return self._parts.begin(upload_id, number)

    def part_url(self, upload_id: str, number: int, *, size_bytes: int, seconds: int) -> str | None:
        if not self.sends_directly:
            return None
        return self._parts.url(upload_id, number, size_bytes=size_bytes, seconds=seconds)

    def complete_parts(self, upload_id: str, count: int, *, sha256: str, size_bytes: int) -> Blob:
        check_upload_id(upload_id)
        check_part_number(count)
        blob = Blob(sha256, size_bytes)
        try:
            return self._join(upload_id, count, blob)
        except DigestMismatch:
            # Before a client is told that its bytes are wrong they are read again: a store may
            # give other bytes than it holds.
            return self._join(upload_id, count, blob)

    def _join(self, upload_id: str, count: int, blob: Blob) -> Blob:
        sha256, size_bytes = blob
        with self.begin(sha256=sha256, size_bytes=size_bytes) as writer:
            for piece in self._parts.read(upload_id, count):
                writer.write(piece)
            return writer.commit(sha256=sha256, size_bytes=size_bytes)

    def abandon_parts(self, upload_id: str) -> None:
        self._parts.abandon(upload_id)

    def remove_leftovers(self) -> None:
        remove_leftovers(self._connection)


def _key(sha256: str) -> str:
    check_sha256(sha256)
    return f"{FOLDER}/{sha256[:2]}/{sha256}"
