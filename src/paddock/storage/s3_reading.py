"""Reading objects of an S3 bucket: a range as a stream, or as a file that can be sought.

Knows one object at a time and holds a megabyte or two of it. An object that is read from end to end
is hashed on the way, and its last piece is given only when the digest is the blob's.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import obstore
from obstore.exceptions import BaseError

from paddock.storage.errors import StorageFailed
from paddock.storage.s3_connection import S3Connection, from_store_error, status_of, store_errors

READ_BYTES = 1 << 20


def open_range(
    connection: S3Connection, key: str, start: int, end: int | None
) -> tuple[Any, int, int] | None:
    """The store's answer for bytes ``[start, end)`` and what it covers; None when that is nothing.

    Raises FileNotFoundError when there is no such object.
    """
    options: Any = {}
    if end is not None:
        options["range"] = (start, end)
    elif start:
        options["range"] = {"offset": start}
    if end is not None and end <= start:
        if connection.head(key) is None:
            raise FileNotFoundError(key)
        return None
    try:
        answer = obstore.get(connection.downloads, key, options=options)
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        if status_of(error) == "416":  # the object ends before the range begins
            return None
        raise from_store_error(error, "reading an object") from error
    size_bytes = answer.meta["size"]
    stop = size_bytes if end is None else min(end, size_bytes)
    if answer.range[0] != start or answer.range[1] != stop:
        raise StorageFailed(
            f"the object store sends bytes {answer.range[0]} to {answer.range[1]}, "
            f"{start} to {stop} were asked for"
        )
    return answer, stop, size_bytes


def read_pieces(answer: Any, start: int, stop: int, sha256: str | None) -> Iterator[bytes]:
    """The bytes in pieces of at most a megabyte; ``sha256`` is of all of them, if it is known."""
    digest = hashlib.sha256()
    position = start
    held: bytes | None = None
    with store_errors("reading an object"):
        for chunk in answer.stream(min_chunk_size=READ_BYTES):
            for at in range(0, len(chunk), READ_BYTES):
                piece = memoryview(chunk)[at : at + READ_BYTES].tobytes()
                position += len(piece)
                if sha256 is not None:
                    digest.update(piece)
                if held is not None:
                    yield held
                held = piece
    if position != stop:
        raise StorageFailed(f"the object ends at byte {position} of {stop}")
    if sha256 is not None and digest.hexdigest() != sha256:
        raise StorageFailed(
            f"blob {sha256} is damaged in the object store", hint="restore it from a backup"
        )
    if held is not None:
        yield held


class RangeFile(io.RawIOBase):
    """An object as a file without a buffer of its own: every read is one request."""

    def __init__(self, connection: S3Connection, key: str, size_bytes: int) -> None:
        self._connection = connection
        self._key = key
        self._size_bytes = size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}
        position = origin[whence] + offset
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size_bytes)
        if end <= self._position:
            return 0
        with store_errors("reading an object"):
            got = obstore.get_range(
                self._connection.requests, self._key, start=self._position, end=end
            )
        if len(got) != end - self._position:
            raise StorageFailed(f"{len(got)} of {end - self._position} bytes came from the store")
        view[: len(got)] = memoryview(got)
        self._position = end
        return len(got)
