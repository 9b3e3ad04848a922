"""Blobs in a local folder: ``blobs/<first two digits>/<sha256>``.

Knows files and digests; does not know what the bytes mean. A blob's name exists only when its
bytes are synced to the medium and have that digest, so presence is proof; a stored blob is never
written again. Uploads that come in parts wait beside the blobs (``local_parts``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from paddock.digest import is_sha256
from paddock.storage.blobs import Blob, StoredBlob, check_announced, check_sha256, missing
from paddock.storage.errors import StorageFailed, os_errors
from paddock.storage.local_parts import LocalParts, LocalPartWriter
from paddock.storage.staging import StagedFile, make_folder, remove_leftovers, sync_folder

READ_BYTES = 1 << 20


class LocalBlobStore:
    """A ``BlobStore`` in one folder of this machine, which several processes may share."""

    sends_directly = False

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._staging = root / "staging"
        make_folder(self._staging)
        _make_blob_folders(self._blobs)
        self._parts = LocalParts(root / "uploads", self._staging)
        self.remove_leftovers()

    def begin(self, *, sha256: str | None = None, size_bytes: int | None = None) -> LocalBlobWriter:
        return LocalBlobWriter(self._blobs, StagedFile(self._staging))

    def begin_again(self, sha256: str, size_bytes: int) -> LocalBlobWriter:
        announced = Blob(sha256, size_bytes)
        return LocalBlobWriter(self._blobs, StagedFile(self._staging), replaced=announced)

    def size_bytes(self, sha256: str) -> int | None:
        return _file_size(_blob_path(self._blobs, sha256))

    def open(self, sha256: str) -> BinaryIO:
        with os_errors("opening a blob"):
            try:
                return _blob_path(self._blobs, sha256).open("rb")
            except FileNotFoundError as error:
                raise missing(sha256) from error

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        size_bytes = self.size_bytes(sha256)
        if size_bytes is None:
            raise missing(sha256)
        stop = size_bytes if end is None else min(end, size_bytes)
        return self._read_range(sha256, start, stop)

    def local_path(self, sha256: str) -> Path | None:
        path = _blob_path(self._blobs, sha256)
        return None if _file_size(path) is None else path

    def delete(self, sha256: str) -> None:
        with os_errors("deleting a blob"):
            _blob_path(self._blobs, sha256).unlink(missing_ok=True)

    def stored(self) -> Iterator[StoredBlob]:
        with os_errors("listing blobs"):
            for folder in sorted(self._blobs.iterdir()):
                for entry in os.scandir(folder):
                    if is_sha256(entry.name) and (blob := _stored(entry)):
                        yield blob

    def download_url(
        self,
        sha256: str,
        *,
        seconds: int,
        filename: str | None = None,
        content_type: str | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> str | None:
        return None  # nobody but us serves this folder

    def begin_part(self, upload_id: str, number: int) -> LocalPartWriter:
        return self._parts.begin(upload_id, number)

    def part_url(self, upload_id: str, number: int, *, size_bytes: int, seconds: int) -> str | None:
        return None

    def complete_parts(self, upload_id: str, count: int, *, sha256: str, size_bytes: int) -> Blob:
        with self.begin(sha256=sha256, size_bytes=size_bytes) as writer:
            for chunk in self._parts.read(upload_id, count):
                writer.write(chunk)
            return writer.commit(sha256=sha256, size_bytes=size_bytes)

    def abandon_parts(self, upload_id: str) -> None:
        self._parts.abandon(upload_id)

    def remove_leftovers(self) -> None:
        remove_leftovers(self._staging)
        self._parts.remove_abandoned()

    def _read_range(self, sha256: str, start: int, stop: int) -> Iterator[bytes]:
        with self.open(sha256) as file, os_errors("reading a blob"):
            file.seek(start)
            position = start
            while position < stop:
                piece = file.read(min(READ_BYTES, stop - position))
                if not piece:
                    raise StorageFailed(f"blob {sha256} ends at {position} of {stop} bytes")
                position += len(piece)
                yield piece


class LocalBlobWriter:
    """Bytes on their way into a LocalBlobStore, hashed as they come."""

    def __init__(self, blobs: Path, staged: StagedFile, *, replaced: Blob | None = None) -> None:
        self._blobs = blobs
        self._staged = staged
        self._replaced = replaced  # whatever is stored under its name is not believed
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0

    def write(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        self._staged.write(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self, *, sha256: str | None = None, size_bytes: int | None = None) -> Blob:
        blob = Blob(self._sha256.hexdigest(), self._size_bytes)
        check_announced(blob, sha256, size_bytes)
        if self._replaced is not None:
            check_announced(blob, *self._replaced)
        path = _blob_path(self._blobs, blob.sha256)
        if self._replaced is None and _touch(path, blob.size_bytes):
            self._staged.discard()
        else:
            self._staged.sync()
            self._staged.publish(path)
        # Also for a blob that was there: whoever stored it may not have come to this line yet.
        sync_folder(path.parent)
        return blob

    def __enter__(self) -> LocalBlobWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._staged.discard()


def _make_blob_folders(blobs: Path) -> None:
    # All of them now, so that storing a blob never has to make a folder durable first.
    make_folder(blobs)
    present = {path.name for path in blobs.iterdir()}
    missing = {f"{number:02x}" for number in range(256)} - present
    for name in missing:
        (blobs / name).mkdir(mode=0o700, exist_ok=True)
    if missing:
        sync_folder(blobs)


def _blob_path(blobs: Path, sha256: str) -> Path:
    check_sha256(sha256)
    return blobs / sha256[:2] / sha256


def _file_size(path: Path) -> int | None:
    with os_errors("looking for a blob"):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None


def _touch(path: Path, size_bytes: int) -> bool:
    """Whether the blob is there already; from now on it is young, as if it had come just now."""
    with os_errors("looking for a blob"):
        try:
            if path.stat().st_size != size_bytes:
                return False
            os.utime(path)
            return True
        except FileNotFoundError:
            return False


def _stored(entry: os.DirEntry[str]) -> StoredBlob | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return StoredBlob(entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
