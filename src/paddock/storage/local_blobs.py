"""Blobs in a local folder: ``blobs/<first two digits>/<sha256>``.

Knows files and digests; does not know what the bytes mean. A blob's name exists only when its
bytes are synced to the medium and have that digest, so presence is proof; a stored blob is never
written again. Uploads that come in parts wait beside the blobs (``local_parts``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from paddock.digest import is_sha256
from paddock.errors import BadInput, shown
from paddock.storage.blobs import Blob, BlobMissing, DigestMismatch
from paddock.storage.errors import StorageFailed, os_errors
from paddock.storage.local_parts import LocalParts, LocalPartWriter
from paddock.storage.staging import StagedFile, make_folder, remove_leftovers, sync_folder

READ_BYTES = 1 << 20


class LocalBlobStore:
    """A ``BlobStore`` in one folder of this machine, which several processes may share."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._staging = root / "staging"
        make_folder(self._staging)
        remove_leftovers(self._staging)
        _make_blob_folders(self._blobs)
        self._parts = LocalParts(root / "uploads", self._staging)

    def begin(self) -> LocalBlobWriter:
        return LocalBlobWriter(self._blobs, StagedFile(self._staging))

    def size_bytes(self, sha256: str) -> int | None:
        return _file_size(_blob_path(self._blobs, sha256))

    def open(self, sha256: str) -> BinaryIO:
        with os_errors("opening a blob"):
            try:
                return _blob_path(self._blobs, sha256).open("rb")
            except FileNotFoundError as error:
                raise _missing(sha256) from error

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        size_bytes = self.size_bytes(sha256)
        if size_bytes is None:
            raise _missing(sha256)
        stop = size_bytes if end is None else min(end, size_bytes)
        return self._read_range(sha256, start, stop)

    def local_path(self, sha256: str) -> Path | None:
        path = _blob_path(self._blobs, sha256)
        return path if path.exists() else None

    def delete(self, sha256: str) -> None:
        with os_errors("deleting a blob"):
            _blob_path(self._blobs, sha256).unlink(missing_ok=True)

    def begin_part(self, upload_id: str, number: int) -> LocalPartWriter:
        return self._parts.begin(upload_id, number)

    def complete_parts(self, upload_id: str, count: int, *, sha256: str, size_bytes: int) -> Blob:
        if self.size_bytes(sha256) != size_bytes:  # else an earlier try got this far
            with self.begin() as writer:
                for chunk in self._parts.read(upload_id, count):
                    writer.write(chunk)
                writer.commit(sha256=sha256, size_bytes=size_bytes)
        self._parts.abandon(upload_id)
        return Blob(sha256, size_bytes)

    def abandon_parts(self, upload_id: str) -> None:
        self._parts.abandon(upload_id)

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

    def __init__(self, blobs: Path, staged: StagedFile) -> None:
        self._blobs = blobs
        self._staged = staged
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0

    def write(self, chunk: bytes | memoryview) -> None:
        self._sha256.update(chunk)
        self._staged.write(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self, *, sha256: str | None = None, size_bytes: int | None = None) -> Blob:
        blob = Blob(self._sha256.hexdigest(), self._size_bytes)
        check_announced(blob, sha256, size_bytes)
        path = _blob_path(self._blobs, blob.sha256)
        if _file_size(path) == blob.size_bytes:
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


def check_announced(blob: Blob, sha256: str | None, size_bytes: int | None) -> None:
    """Raises DigestMismatch when the bytes are not those that were announced."""
    if size_bytes is not None and blob.size_bytes != size_bytes:
        raise DigestMismatch(f"{blob.size_bytes} bytes arrived, {size_bytes} were announced")
    if sha256 is not None and blob.sha256 != sha256:
        raise DigestMismatch(f"the bytes have SHA-256 {blob.sha256}, {sha256} was announced")


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
    if not is_sha256(sha256):
        raise BadInput(f"not a SHA-256 in lower-case hex: {shown(sha256)}")
    return blobs / sha256[:2] / sha256


def _file_size(path: Path) -> int | None:
    with os_errors("looking for a blob"):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None


def _missing(sha256: str) -> BlobMissing:
    return BlobMissing(f"no blob has SHA-256 {sha256}")
