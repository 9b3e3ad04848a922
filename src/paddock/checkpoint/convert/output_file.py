"""A file on its way out: written, hashed and pushed to the medium while the next pieces are made.

Knows the parts of a planned file and where they go. Pieces arrive in the order of the file, but for
a file whose tensors are not in the source's order: that one is hashed when it is whole.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.convert.flow import Flow, Lane, Share
from paddock.checkpoint.convert.hashing import HASHES, Hashing
from paddock.checkpoint.convert.weight_file import Placed, WeightFile, part_bytes
from paddock.checkpoint.pytorch.zip_writing import AfterCrc
from paddock.checkpoint.tensors import PIECE_BYTES, Piece
from paddock.digest import Digests

FLUSH_BYTES = 64 << 20


class _Write(NamedTuple):
    """Bytes for a place in the file, or what will give them; ``tensor`` counts the placed ones."""

    start: int
    content: Piece | Future[memoryview] | AfterCrc
    share: Share
    tensor: int | None = None


class OutputFile:
    """One planned file: ``put`` every piece, ``close``, then ask for the ``digests``."""

    def __init__(self, path: Path, plan: WeightFile, flow: Flow, *, in_order: bool) -> None:
        self._plan, self._flow, self._in_order = plan, flow, in_order
        self._file = path.open("x+b", buffering=0)
        self._starts, self._next_part = plan.starts(), 0
        self._positions = [i for i, part in enumerate(plan.parts) if isinstance(part, Placed)]
        self._crcs: dict[int, int] = {}
        self._needs_crc = any(isinstance(part, AfterCrc) for part in plan.parts)
        self._hashing = Hashing(flow) if plan.original is None else None
        self._writer: Lane[_Write] = Lane(flow, self._write, self._complete)
        self._flusher: Lane[int] = Lane(flow, os.fdatasync)
        self._unflushed_bytes = 0

    @property
    def holders(self) -> int:
        """How many threads hold a piece that is put here."""
        return 1 + HASHES if self._hashing and self._in_order else 1

    def put_before(self, tensor: int) -> None:
        """What stands before the placed ``tensor`` and is no tensor's; may wait for room."""
        self._put_parts_before(self._positions[tensor])

    def put(self, tensor: int, at: int, content: Piece | Future[memoryview], share: Share) -> None:
        """Bytes of the placed ``tensor``, beginning at its byte ``at``; after ``put_before``."""
        start = self._starts[self._positions[tensor]]
        self._writer.put(_Write(start + at, content, share, tensor))

    def close(self) -> None:
        """No more will come: the file is completed, without waiting for it."""
        self._put_parts_before(len(self._plan.parts))
        self._writer.close()

    def digests(self) -> Digests | None:
        """Wait until every byte is on the medium; None for a copy, whose original has them."""
        self._writer.join()
        self._flow.check()
        return self._hashing.digests() if self._hashing else None

    def abandon(self) -> None:
        """End the threads after a failure, and let go of the file."""
        self._writer.close()
        self._writer.join()
        self._flusher.close()
        self._flusher.join()
        if self._hashing:
            self._hashing.close()
        self._file.close()

    def _put_parts_before(self, position: int) -> None:
        """What is not a tensor's, as far as it stands before a part of the file."""
        for number in range(self._next_part, position):
            part = self._plan.parts[number]
            if not isinstance(part, Placed):
                share = self._flow.take(part_bytes(part), self.holders)
                self._writer.put(_Write(self._starts[number], part, share))
        self._next_part = max(self._next_part, position)

    def _write(self, item: _Write) -> None:
        content = item.content
        if isinstance(content, AfterCrc):
            content = content.render(self._crcs)
        elif isinstance(content, Future):
            content = content.result()
        view, at = memoryview(content).cast("B"), item.start
        if self._needs_crc and item.tensor is not None:
            self._crcs[item.tensor] = zlib.crc32(view, self._crcs.get(item.tensor, 0))
        if self._hashing and self._in_order:
            self._hashing.put(view, item.share)
        with self._named_failures():
            while view:
                written = os.pwrite(self._file.fileno(), view, at)
                view, at = view[written:], at + written
                self._flush_now_and_then(written)
        item.share.done()

    def _flush_now_and_then(self, new_bytes: int) -> None:
        self._unflushed_bytes += new_bytes
        if self._unflushed_bytes >= FLUSH_BYTES:
            self._flusher.put(self._file.fileno())
            self._unflushed_bytes = 0

    def _complete(self) -> None:
        self._flusher.close()
        self._flusher.join()
        with self._named_failures():
            os.fsync(self._file.fileno())
        if self._hashing:
            if not self._in_order:
                self._read_again(self._hashing)
            self._hashing.close()
        self._file.close()

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        """The system does not say which file it could not write."""
        try:
            yield
        except OSError as e:
            raise OSError(e.errno, e.strerror, self._plan.name) from e

    def _read_again(self, hashing: Hashing) -> None:
        at = 0
        while piece := os.pread(self._file.fileno(), PIECE_BYTES, at):
            hashing.put(piece, self._flow.take(len(piece), HASHES))
            at += len(piece)
