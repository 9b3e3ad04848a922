"""The blob store's protocol: immutable bytes named by their SHA-256.

Knows nothing of what the bytes mean or who may read them. A blob is visible only once it is whole,
synced to its medium and proven to have the digest it is named by; after that it never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from paddock.digest import is_sha256
from paddock.errors import BadInput, NotFound, shown

MAX_PARTS = 10_000  # as S3
PARTS_KEPT_SECONDS = 7 * 24 * 3600  # of an upload that nobody completes

_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


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


class StoredBlob(NamedTuple):
    """A blob as the store lists it; storing it again makes it young again."""

    sha256: str
    size_bytes: int
    stored_at: datetime


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

    @property
    def sends_directly(self) -> bool:
        """Whether clients may be sent to the store itself (``download_url``, ``part_url``)."""
        ...

    def begin(self, *, sha256: str | None = None, size_bytes: int | None = None) -> BlobWriter:
        """Start a blob. What is announced now must be what ``commit`` is told.

        A store that writes straight to a blob's final name needs the digest for it, and the size
        to choose its pieces; without them it keeps the bytes aside until it knows.
        """
        ...

    def begin_again(self, sha256: str, size_bytes: int) -> BlobWriter:
        """Start a blob whose stored bytes are damaged or gone: they are replaced, all at once, by
        bytes of that digest, whatever is there; without ``commit`` what is there stays."""
        ...

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

    def stored(self) -> Iterator[StoredBlob]:
        """Every blob, in no order; one that comes or goes meanwhile may be listed or not."""
        ...

    def download_url(
        self,
        sha256: str,
        *,
        seconds: int,
        filename: str | None = None,
        content_type: str | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> str | None:
        """An address where a client without credentials GETs the blob, or None: ask us for it.

        The answer is an attachment of that name and type; ``byte_range`` (its end exclusive) binds
        the address to requests for exactly that range.
        """
        ...

    # Parts of one large upload, which may arrive in any order, over several connections.
    def begin_part(self, upload_id: str, number: int) -> PartWriter: ...

    def part_url(self, upload_id: str, number: int, *, size_bytes: int, seconds: int) -> str | None:
        """An address where a client PUTs a part of exactly that size, or None: send it to us.

        Nothing is believed of such a part: ``complete_parts`` reads it.
        """
        ...

    def complete_parts(self, upload_id: str, count: int, *, sha256: str, size_bytes: int) -> Blob:
        """Join parts 1..count into a blob; raises DigestMismatch, NotFound.

        Always reads them, also when the blob is there: whoever completes an upload proves to have
        its bytes. They stay until ``abandon_parts``, so that a caller who fails may try again.
        """
        ...

    def abandon_parts(self, upload_id: str) -> None: ...

    def remove_leftovers(self) -> None:
        """Remove what dead writers and abandoned uploads left behind; safe at any time."""
        ...


class PartWriter(Protocol):
    """One part on its way in; ``commit`` gives its ETag. A part written twice keeps the last."""

    def write(self, chunk: bytes | memoryview) -> None: ...

    def commit(self) -> str: ...

    def __enter__(self) -> PartWriter: ...

    def __exit__(self, *exc: object) -> None: ...


def check_sha256(sha256: str) -> None:
    """Raises BadInput for what cannot be a blob's name."""
    if not is_sha256(sha256):
        raise BadInput(f"not a SHA-256 in lower-case hex: {shown(sha256)}")


def check_announced(blob: Blob, sha256: str | None, size_bytes: int | None) -> None:
    """Raises DigestMismatch when the bytes are not those that were announced."""
    if size_bytes is not None and blob.size_bytes != size_bytes:
        raise DigestMismatch(f"{blob.size_bytes} bytes arrived, {size_bytes} were announced")
    if sha256 is not None and blob.sha256 != sha256:
        raise DigestMismatch(f"the bytes have SHA-256 {blob.sha256}, {sha256} was announced")


def check_upload_id(upload_id: str) -> None:
    """Raises BadInput for an id that could be more than one plain name."""
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise BadInput(f"not an upload's id: {shown(upload_id)}")


def check_part_number(number: int) -> None:
    """Raises BadInput for a number that no part has."""
    if not 1 <= number <= MAX_PARTS:
        raise BadInput(f"part numbers go from 1 to {MAX_PARTS}, not {number}")


def missing(sha256: str) -> BlobMissing:
    """The error that every store raises for a blob that it does not have."""
    return BlobMissing(f"no blob has SHA-256 {sha256}")


def part_missing(number: int) -> NotFound:
    """The error for a part without which an upload cannot be completed."""
    return NotFound(f"part {number} of the upload has not arrived")
