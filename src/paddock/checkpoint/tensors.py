"""A tensor on disk: its name, type and shape, and a way to stream its bytes.

Does not know any file format. Bytes are row-major and
little-endian. A piece that was yielded is never changed afterwards, so that a consumer may keep it
while the next one is read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.dtypes import size_in_bytes
from paddock.checkpoint.errors import BadCheckpoint

Piece = bytes | bytearray | memoryview

PIECE_BYTES = 1 << 20  # measured: larger pieces cost page faults, smaller ones thread switches
MAX_NAME_BYTES = 512
MAX_RANK = 16
MAX_ELEMENTS = 1 << 63


Listener = Callable[[Path, int, bytes], None]  # a file, where in it the bytes begin, the bytes
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class Place(NamedTuple):
    """A file, and where in it a tensor's first byte is."""

    path: Path
    start: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor whose bytes are read only when asked for."""

    name: str
    dtype: str  # a key of dtypes.BITS or dtypes.BLOCKS
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[Piece]]  # all bytes in order, in pieces of bounded size
    place: Place | None = None  # for reading tensors in the order of their bytes
    is_verbatim: bool = False  # whether the bytes lie at their place as they are

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        return size_in_bytes(self.dtype, self.elements)

    def read_into(self, target: bytearray | memoryview) -> None:
        """Fill ``target``, which must have exactly ``size_bytes``."""
        view = memoryview(target).cast("B")
        if len(view) != self.size_bytes:
            raise ValueError(f"{self.name} has {self.size_bytes} bytes, the target {len(view)}")
        at = 0
        for piece in self.pieces():
            taken = memoryview(piece).cast("B")
            view[at : at + len(taken)] = taken
            at += len(taken)

    def read(self) -> bytearray:
        """All bytes at once; for small tensors."""
        content = bytearray(self.size_bytes)
        self.read_into(content)
        return content

    def renamed(self, name: str) -> Tensor:
        """The same bytes under another name."""
        return replace(self, name=name)


def name_problem(name: str) -> str | None:
    """Why no honest tensor has this name, or None when it is fine."""
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        return "holds a lone surrogate"
    if not name:
        return "is empty"
    if len(encoded) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    if any(not c.isprintable() for c in name):
        return "holds a control or invisible character"
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
        return "looks like a path out of its folder"
    return None


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear what this thread reads through ``read_range`` meanwhile."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Bytes ``[start, end)`` of a file in pieces; a file that became shorter is an error."""
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), start, end - start, os.POSIX_FADV_SEQUENTIAL)
        while start < end:
            piece = os.pread(file.fileno(), min(PIECE_BYTES, end - start), start)
            if not piece:
                raise BadCheckpoint("truncated", f"{path.name} ended early, at byte {start}")
            if listener := _listener.get():
                listener(path, start, piece)
            start += len(piece)
            yield piece


def regrouped(pieces: Iterable[Piece], block_bytes: int) -> Iterator[memoryview]:
    """The same bytes in blocks of exactly ``block_bytes``; the last may be shorter."""
    pending, filled = bytearray(block_bytes), 0
    for piece in pieces:
        view, at = memoryview(piece).cast("B"), 0
        while at < len(view):
            if filled == 0 and len(view) - at >= block_bytes:
                yield view[at : at + block_bytes]  # whole blocks need no copy
                at += block_bytes
                continue
            taken = min(block_bytes - filled, len(view) - at)
            pending[filled : filled + taken] = view[at : at + taken]
            filled, at = filled + taken, at + taken
            if filled == block_bytes:
                yield memoryview(pending)
                pending, filled = bytearray(block_bytes), 0
    if filled:
        yield memoryview(pending)[:filled]


def has_same_bytes(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are equal, bit for bit."""
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    pairs = zip(
        regrouped(one.pieces(), PIECE_BYTES), regrouped(other.pieces(), PIECE_BYTES), strict=True
    )
    return all(left == right for left, right in pairs)
