"""The blob store's protocol: immutable bytes named by their SHA-256.

Knows nothing of what the bytes mean or who may read them. A blob is visible only once it is whole,
synced to its medium and proven to have the digest it is named by; after that it never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from paddock.errors import BadInput, NotFound


class DigestMismatch(BadInput):
    """The bytes that arrived are not the bytes that were announced."""

    code = "digest_mismatch"


class BlobMissing(NotFound):
    """No blob has this SHA-256."""

    code = "blob_missing"


class Blob(NamedTuple):
    """A blob that is safely stored."""

    sha256: str
    size_bytes: int


class BlobWriter(Protocol):
    """Bytes on their way in. Leaving the ``with`` block without ``commit`` forgets them."""

    def write(self, chunk: bytes | memoryview) -> None: ...

    def commit(self, *, sha256: str | None = None, size_bytes: int | None = None) -> Blob:
        """Make the blob durable and visible; raises DigestMismatch when it is not as announced."""
        ...

    def __enter__(self) -> BlobWriter: ...

    def __exit__(self, *exc: object) -> None: ...


class BlobStore(Protocol):
    """Content-addressed bytes. Every method may be called from several threads at once."""

    def begin(self) -> BlobWriter: ...

    def size_bytes(self, sha256: str) -> int | None:
        """Size, or None when there is no such blob."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """A seekable binary file; raises BlobMissing."""
        ...

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``[start, end)`` in pieces of bounded size; raises BlobMissing before the first."""
        ...

    def local_path(self, sha256: str) -> Path | None:
        """Where the kernel can read the blob without us (for sendfile), or None."""
        ...

    def delete(self, sha256: str) -> None:
        """Forget the blob; no error when it is not there."""
        ...

    # Parts of one large upload, which may arrive in any order, over several connections.
    def begin_part(self, upload_id: str, number: int) -> PartWriter: ...

    def complete_parts(self, upload_id: str, count: int, *, sha256: str, size_bytes: int) -> Blob:
        """Join parts 1..count into a blob and forget them; raises DigestMismatch, NotFound."""
        ...

    def abandon_parts(self, upload_id: str) -> None: ...


class PartWriter(Protocol):
    """One part on its way in; ``commit`` gives its ETag. A part written twice keeps the last."""

    def write(self, chunk: bytes | memoryview) -> None: ...

    def commit(self) -> str: ...

    def __enter__(self) -> PartWriter: ...

    def __exit__(self, *exc: object) -> None: ...
