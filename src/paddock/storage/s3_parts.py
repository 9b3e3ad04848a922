"""The parts of large uploads in an S3 bucket: objects ``uploads/<upload id>/<number>``.

Knows numbered objects; does not know what they make together. A part may be written by a client
straight into the bucket, so nothing is believed of it until it was read and hashed here. A part
sent again replaces the earlier one, whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import blake3

from paddock import clock
from paddock.storage.blobs import check_part_number, check_upload_id, part_missing
from paddock.storage.s3_address import Allowed, sign_address
from paddock.storage.s3_connection import S3Connection
from paddock.storage.s3_reading import open_range, read_pieces
from paddock.storage.s3_writing import ObjectWriter

FOLDER = "uploads"


class S3Parts:
    """Uploads that have begun."""

    def __init__(self, connection: S3Connection) -> None:
        self._connection = connection

    def begin(self, upload_id: str, number: int) -> S3PartWriter:
        """Start part ``number``, counted from 1."""
        return S3PartWriter(self._connection, _key(upload_id, number))

    def url(self, upload_id: str, number: int, *, size_bytes: int, seconds: int) -> str:
        """Where a client PUTs the part; the store refuses one of another length."""
        bucket = self._connection.bucket
        key = bucket.full_key(_key(upload_id, number))
        put = Allowed("PUT", key, headers={"content-length": str(size_bytes)})
        return sign_address(bucket, put, now=clock.now(), seconds=seconds, public=True)

    def read(self, upload_id: str, count: int) -> Iterator[bytes]:
        """The bytes of parts 1 to ``count``, in order; NotFound where one is missing."""
        check_part_number(count)
        for number in range(1, count + 1):
            try:
                opened = open_range(self._connection, _key(upload_id, number), 0, None)
            except FileNotFoundError as error:
                raise part_missing(number) from error
            if opened is not None:
                answer, stop, _ = opened
                yield from read_pieces(answer, 0, stop, None)

    def abandon(self, upload_id: str) -> None:
        """Forget the upload; no error when there is none."""
        check_upload_id(upload_id)
        found = self._connection.list(f"{FOLDER}/{upload_id}")
        self._connection.delete([part["path"] for part in found])


class S3PartWriter:
    """One part on its way in; its ETag is its BLAKE3."""

    def __init__(self, connection: S3Connection, key: str) -> None:
        self._blake3 = blake3.blake3()
        self._object = ObjectWriter(connection, key)

    def write(self, chunk: bytes | memoryview) -> None:
        self._blake3.update(chunk)
        self._object.write(chunk)

    def commit(self) -> str:
        self._object.finish()
        return self._blake3.hexdigest()

    def __enter__(self) -> S3PartWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._object.discard()


def _key(upload_id: str, number: int) -> str:
    check_upload_id(upload_id)
    check_part_number(number)
    return f"{FOLDER}/{upload_id}/{number}"
