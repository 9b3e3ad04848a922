"""Second copies of a store: where lost bytes may still be. Only read, and never believed.

A copy is a data folder, the blobs' folder of one, or a bucket. Whoever takes bytes from it checks
their digest before they count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from paddock.config import Settings
from paddock.errors import BadInput, shown
from paddock.storage.blobs import (
    Blob,
    BlobMissing,
    BlobStore,
    DigestMismatch,
    check_sha256,
    missing,
)
from paddock.storage.errors import StorageFailed
from paddock.storage.opening import open_blobs

READ_BYTES = 1 << 20
_BUCKET_URL = "s3://"
# Where a blob lies in a data folder, in its blob folder, and in that one's.
_LAYOUTS = (Path("blobs/blobs"), Path("blobs"), Path())


class NoSuchCopy(BadInput):
    """What was named as a second copy holds no blobs."""

    code = "no_such_copy"


class Copy(Protocol):
    """Somewhere else that blobs may be."""

    @property
    def name(self) -> str: ...

    def open(self, sha256: str) -> BinaryIO:
        """The bytes under that name, unproven; raises BlobMissing, StorageFailed or OSError."""
        ...


class FolderCopy(NamedTuple):
    """A folder, which is not changed in any way."""

    name: str
    blobs: Path

    def open(self, sha256: str) -> BinaryIO:
        check_sha256(sha256)
        try:
            return (self.blobs / sha256[:2] / sha256).open("rb")
        except FileNotFoundError as error:
            raise missing(sha256) from error


class StoreCopy(NamedTuple):
    """A blob store: a bucket, or the hub's own, where a file may be stored both ways."""

    name: str
    store: BlobStore

    def open(self, sha256: str) -> BinaryIO:
        return self.store.open(sha256)


def open_copy(text: str, settings: Settings) -> Copy:
    """The copy at a folder or ``s3://bucket/prefix`` (endpoint and keys as the settings say).

    Raises NoSuchCopy.
    """
    if text.startswith(_BUCKET_URL):
        bucket, _, prefix = text.removeprefix(_BUCKET_URL).partition("/")
        return StoreCopy(text, open_blobs(replace(settings, s3_bucket=bucket, s3_prefix=prefix)))
    for layout in _LAYOUTS:
        folder = Path(text) / layout
        if (folder / "00").is_dir() and (folder / "ff").is_dir():
            return FolderCopy(text, folder)
    raise NoSuchCopy(
        f"there are no blobs in {shown(text)}", hint="name a data folder, or s3://BUCKET/PREFIX"
    )


def write_again(store: BlobStore, blob: Blob, pieces: Iterator[bytes]) -> bool:
    """Store the blob anew from these pieces, in place of what is there, if they are its bytes.

    A source that breaks or has other bytes gives False and changes nothing; a store that cannot be
    written to raises StorageFailed.
    """
    try:
        with store.begin_again(*blob) as writer:
            for piece in _from_source(pieces):
                writer.write(piece)
            writer.commit(sha256=blob.sha256, size_bytes=blob.size_bytes)
    except (_SourceBroke, DigestMismatch):
        return False
    return True


def copied(copy: Copy, store: BlobStore, sha256: str, size_bytes: int | None) -> bool:
    """Whether the blob could be stored anew from the copy."""
    try:
        with copy.open(sha256) as file:
            there = file.seek(0, 2)
            file.seek(0)
            if size_bytes not in (None, there):
                return False
            pieces = iter(lambda: file.read(READ_BYTES), b"")
            return write_again(store, Blob(sha256, there), pieces)
    except (BlobMissing, OSError):
        return False


class _SourceBroke(Exception):
    """Reading failed where nothing was promised."""


def _from_source(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except (StorageFailed, BlobMissing, OSError) as error:
        raise _SourceBroke from error
