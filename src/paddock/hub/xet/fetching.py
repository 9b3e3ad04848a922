"""A range of a Xet file as spans that are fetched each for itself, several at once.

Knows where a span's chunks lie. Those that are stored as they are need not pass through us: the
kernel sends them from the blob, as it sends whole blobs, and like those they were verified when
they came. What must be unpacked is hashed again on the way: other bytes than it had are damage on
the medium, never the reader's fault. A span takes a megabyte of memory, however large the file is.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from paddock.hub.xet import layout
from paddock.hub.xet.chunks import HEADER_BYTES, STORED
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.reading import Shelf, XorbDamaged, checked, unpack_frames
from paddock.hub.xet.records import StoredXorb
from paddock.storage.blobs import BlobMissing, BlobStore, missing
from paddock.storage.errors import os_errors

SPAN_BYTES = 1 << 20
_SPANS_AT_ONCE = 64

# Unpacking takes turns: more threads than this spend more on handing the interpreter to one another
# than they gain (measured on two processors: one unpacks 1.3 GB/s, two 1.2, three 1.0).
_unpacking = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))
_own = threading.local()


class Lying(NamedTuple):
    """Bytes that lie in a file: offsets and counts, in order. Whoever takes it closes the file."""

    file: BinaryIO
    ranges: list[tuple[int, int]]


Gathered = list[memoryview]  # bytes in pieces, in order
Fetched = bytes | Lying | Gathered


class Span(NamedTuple):
    """Neighbouring chunks ``[start, end)`` of a xorb, and which of their bytes are wanted."""

    xorb: StoredXorb
    start: int
    end: int
    skip_bytes: int
    size_bytes: int


def spans(shelf: Shelf, terms: Terms, start: int, end: int) -> Iterator[list[Span]]:
    """What bytes ``[start, end)`` of the file are made of, some spans at a time."""
    some: list[Span] = []
    for offset, term in terms.overlapping(start, end):
        xorb = shelf.get(term.xorb)
        first, last = max(start - offset, 0), min(end - offset, term.unpacked_bytes)
        sizes = xorb.chunks.sizes(term.start, term.end)
        run = layout.trim(sizes, term.start, first, last)
        some += _split(xorb, run, last - first)
        if len(some) >= _SPANS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _split(xorb: StoredXorb, run: layout.ChunkSpan, wanted_bytes: int) -> Iterator[Span]:
    ends = np.cumsum(xorb.chunks.sizes(run.start, run.end), dtype=np.int64)
    wanted_end = run.skip_bytes + wanted_bytes
    at = before = 0
    while at < len(ends):
        after = int(np.searchsorted(ends, before + SPAN_BYTES, side="right"))
        after = max(after, at + 1)
        skip = max(run.skip_bytes - before, 0)
        size = min(int(ends[after - 1]), wanted_end) - before - skip
        yield Span(xorb, run.start + at, run.start + after, skip, size)
        at, before = after, int(ends[after - 1])


def fetch(blobs: BlobStore, span: Span, *, by_kernel: bool) -> Fetched:
    """The span's bytes, or where they lie if the kernel can have them; raises XorbDamaged.

    The kernel also takes them in pieces, which saves copying them together.
    """
    try:
        found = _locate(blobs, span) if by_kernel else None
        if found is not None:
            return found
        pieces = _read(blobs, span)
        return pieces if by_kernel else b"".join(pieces)
    except BlobMissing as e:  # what a row names was safe once: the medium lost it
        raise XorbDamaged(f"xorb {span.xorb.hash} is gone") from e


def _locate(blobs: BlobStore, span: Span) -> Lying | None:
    """Where the span's bytes lie as they are; None where any of them must be unpacked."""
    path = blobs.local_path(span.xorb.blob.sha256)
    sizes, frames = _sizes(span), _frames(span)
    if path is None or not _may_be_stored(span, sizes, frames):
        return None
    file = _open_stored(path, [] if span.xorb.view else frames)
    if file is None:
        return None
    if span.xorb.view is not None:
        return Lying(file, [(frames[0][0] + span.skip_bytes, span.size_bytes)])
    at, left, ranges = span.skip_bytes, span.size_bytes, []
    for (_, end), size in zip(frames, sizes, strict=True):
        count = min(size - at, left)
        ranges.append((end - size + at, count))
        at, left = 0, left - count
    return Lying(file, ranges)


def _may_be_stored(span: Span, sizes: list[int], frames: list[tuple[int, int]]) -> bool:
    head = 0 if span.xorb.view else HEADER_BYTES
    return all(end - start == size + head for (start, end), size in zip(frames, sizes, strict=True))


def _open_stored(path: Path, frames: list[tuple[int, int]]) -> BinaryIO | None:
    """The blob's file, if these frames hold their chunks as they are."""
    with os_errors("opening a file's bytes"), ExitStack() as undone:
        try:
            file = undone.enter_context(path.open("rb", buffering=0))
        except FileNotFoundError as e:
            raise missing(path.name) from e
        if not _are_stored(file, frames):
            return None
        undone.pop_all()  # whoever takes it closes it
        return file


def _are_stored(file: BinaryIO, frames: list[tuple[int, int]]) -> bool:
    """What each frame says of itself; a chunk may be compressed and no smaller for it."""
    for start, end in frames:
        header = os.pread(file.fileno(), HEADER_BYTES, start)
        if header != _stored_header(end - start - HEADER_BYTES):
            return False
    return True


def _stored_header(size_bytes: int) -> bytes:
    length = size_bytes.to_bytes(3, "little")
    return b"\0" + length + bytes([STORED]) + length


def _read(blobs: BlobStore, span: Span) -> Gathered:
    frames, xorb = _frames(span), span.xorb
    first, last = frames[0][0], frames[-1][1]
    path = blobs.local_path(xorb.blob.sha256)
    far = b"" if path else b"".join(blobs.read(xorb.blob.sha256, first, last))
    with _unpacking:
        window = _window(path, first, last) if path else memoryview(far)
        if len(window) != last - first:
            raise XorbDamaged(f"xorb {xorb.hash} ends at byte {first + len(window)}")
        unpacked = _unpack_all(span, window, frames)
    unpacked[0] = unpacked[0][span.skip_bytes :]
    over = sum(map(len, unpacked)) - span.size_bytes
    unpacked[-1] = unpacked[-1][: len(unpacked[-1]) - over]
    return unpacked


def _unpack_all(span: Span, window: memoryview, frames: list[tuple[int, int]]) -> Gathered:
    """The chunks, each hashed; none lies in the window, which is used again."""
    xorb, first = span.xorb, frames[0][0]
    if xorb.view is None:
        chunks = unpack_frames(xorb, window, [end - first for _, end in frames])
    else:
        chunks = (window[start - first : end - first] for start, end in frames)
    expected = memoryview(xorb.chunks.hashes(span.start, span.end))
    return [
        memoryview(bytes(chunk)) if chunk.obj is window.obj else chunk
        for chunk in checked(xorb, chunks, expected)
    ]


def _window(path: Path, first: int, last: int) -> memoryview:
    """Bytes of a blob, fewer where it ends before them, in a buffer of this thread's own."""
    with os_errors("reading a file's bytes"):
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError as e:
            raise missing(path.name) from e
        with file:
            buffer = _own_buffer(last - first)
            at = 0
            while count := os.preadv(file.fileno(), [buffer[at:]], first + at):
                at += count
            return buffer[:at]


def _own_buffer(size_bytes: int) -> memoryview:
    """This thread's, which it has touched before: new memory costs as much as what fills it."""
    if len(getattr(_own, "buffer", b"")) < size_bytes:
        _own.buffer = bytearray(size_bytes)
    return memoryview(_own.buffer)[:size_bytes]


def _sizes(span: Span) -> list[int]:
    sizes: list[int] = span.xorb.chunks.sizes(span.start, span.end).tolist()
    return sizes


def _frames(span: Span) -> list[tuple[int, int]]:
    """Where each chunk lies in the blob: its frame, or in a view the chunk alone."""
    xorb = span.xorb
    if xorb.view is not None:
        start = xorb.view.start + xorb.chunks.unpacked_bytes(0, span.start)
        return list(itertools.pairwise(itertools.accumulate(_sizes(span), initial=start)))
    start, _ = xorb.chunks.byte_range(span.start, span.end)
    ends = xorb.chunks.frame_ends(span.start, span.end).tolist()
    return list(itertools.pairwise([start, *ends]))
