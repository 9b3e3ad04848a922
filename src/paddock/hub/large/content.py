"""A file's bytes, wherever they are: in its git object, in the blob store, or as Xet terms.

Knows the three sources and hides them: whoever sends a file asks for its size, for a path that the
kernel can read, and for any range. Does not know HTTP. A ``Content`` outlives the transaction that
opened it, because what it names never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from paddock.errors import NotFound
from paddock.hub.context import Hub
from paddock.hub.git import objects
from paddock.hub.large import large_files
from paddock.hub.types import FileEntry, Repository
from paddock.hub.xet import records
from paddock.hub.xet.fetching import Fetched, fetch, spans
from paddock.hub.xet.reading import Shelf, read_file
from paddock.storage.blobs import BlobMissing, BlobStore
from paddock.storage.errors import StorageFailed


class ContentMissing(NotFound):
    """A revision names bytes that this server was never given, as git allows for LFS pointers."""

    code = "content_missing"


Part = Callable[[], Fetched]
Parts = Callable[[int, int, bool], Iterator[list[Part]]]  # from start to end, by the kernel or not


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that can be sent: by the kernel from ``local_path`` if there is one, else by reading.

    ``read(start, end)`` gives bytes ``[start, end)`` in pieces of bounded size; it may be called
    several times, and iterated in a thread. ``parts``, where there is one, gives the same as work
    of which several pieces may be done at once: each is bytes, or says where the kernel finds them.
    """

    size_bytes: int
    local_path: Path | None
    read: Callable[[int, int], Iterator[bytes]]
    blob_sha256: str | None = None  # where the content is one whole blob
    in_memory: bytes | None = None  # all of it, where it is small
    parts: Parts | None = None


def open_content(hub: Hub, repo: Repository, entry: FileEntry, conn: sa.Connection) -> Content:
    """The bytes of a file of the repository; raises ContentMissing."""
    if entry.large is not None:
        return open_large(hub, conn, repo.id, entry.large.sha256)
    stored = objects.read_object(conn, repo.id, entry.oid)
    if stored is None:
        raise ContentMissing(f"the bytes of {entry.path!r} are not stored here")
    if stored.content is None:
        assert stored.blob_sha256 is not None  # noqa: S101  (one of the two, by the table's rule)
        return blob_content(hub.blobs, stored.blob_sha256, stored.size_bytes)
    return inline_content(stored.content)


def open_large(hub: Hub, conn: sa.Connection, repo_id: int, sha256: str) -> Content:
    """The bytes of a large file that the repository holds; raises ContentMissing.

    A pointer alone is not enough: the file may have been removed from the repository for good.
    """
    row = large_files.lookup_held(conn, repo_id, sha256)
    if row is not None and row.is_blob:
        return blob_content(hub.blobs, sha256, row.size_bytes)
    if row is not None and row.xet_hash is not None:
        file = records.find_file(conn, row.xet_hash)
        if file is not None:
            return xet_content(hub, file)
    raise ContentMissing(f"large file {sha256} is not stored here")


def inline_content(content: bytes) -> Content:
    """Bytes already in memory."""

    def read(start: int, end: int) -> Iterator[bytes]:
        yield content[start:end]

    return Content(len(content), None, read, in_memory=content)


def blob_content(blobs: BlobStore, sha256: str, size_bytes: int) -> Content:
    """A whole blob."""

    def read(start: int, end: int) -> Iterator[bytes]:
        try:
            return blobs.read(sha256, start, end)
        except BlobMissing as e:  # what a row names was safe once: the medium lost it
            raise StorageFailed(f"blob {sha256} is gone", hint="restore it from a backup") from e

    return Content(size_bytes, blobs.local_path(sha256), read, sha256)


def xet_content(hub: Hub, file: records.XetFile) -> Content:
    """A file put together from its chunks as it is read."""

    def read(start: int, end: int) -> Iterator[bytes]:
        return read_file(Shelf(hub.database, hub.blobs), file.terms, start, end)

    def parts(start: int, end: int, by_kernel: bool) -> Iterator[list[Part]]:
        for some in spans(Shelf(hub.database, hub.blobs), file.terms, start, end):
            yield [partial(fetch, hub.blobs, span, by_kernel=by_kernel) for span in some]

    return Content(file.size_bytes, None, read, parts=parts)
