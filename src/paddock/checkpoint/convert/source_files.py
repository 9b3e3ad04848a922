"""The source's files, hashed while their tensors are read.

Hears every range that is read, in whatever order; what lies between two ranges (headers, padding,
tensors that nobody wants) is read for the hash alone. Each file is read once where its tensors come
in the order of its bytes. Does not know what the bytes mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from paddock.checkpoint.convert.flow import Flow
from paddock.checkpoint.convert.hashing import HASHES, Hashing
from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.tensors import PIECE_BYTES, Piece
from paddock.digest import Digests


class SourceFiles:
    """Listens to what is read (``tensors.heard_by``)."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._files: dict[Path, _File] = {}
        self.heard_bytes = 0
        self.is_reread = False

    def hear(self, path: Path, start: int, piece: bytes) -> None:
        """Bytes of a file, beginning at ``start``, that were just read."""
        self.heard_bytes += len(piece)
        file = self._file(path)
        if start < file.position:
            self.is_reread = True
        file.hear(start, piece)

    def digests(self, paths: Iterable[Path]) -> dict[Path, Digests]:
        """Of every file that was heard, and of these; reads what of them was not."""
        for path in paths:
            self._file(path)
        for file in self._files.values():
            file.finish()
        return {path: file.hashing.digests() for path, file in self._files.items()}

    def close(self) -> None:
        """End the threads, whatever happened."""
        for file in self._files.values():
            file.hashing.close()

    def _file(self, path: Path) -> _File:
        if path not in self._files:
            self._files[path] = _File(path, self._flow)
        return self._files[path]


class _File:
    """One file: how far it is hashed, and the hashes."""

    def __init__(self, path: Path, flow: Flow) -> None:
        self._path, self._flow = path, flow
        self._file_bytes, self._changed_ns = _state(path)
        self.position, self.hashing = 0, Hashing(flow)

    def hear(self, start: int, piece: bytes) -> None:
        if start > self.position:
            self._fill(start)
        known = self.position - start
        if known < len(piece):
            self._feed(memoryview(piece)[known:] if known else piece)

    def finish(self) -> None:
        if self.position < self._file_bytes:
            self._fill(self._file_bytes)
        if _state(self._path) != (self._file_bytes, self._changed_ns):
            raise BadCheckpoint("changed", f"{self._path.name} changed while it was read")
        self.hashing.close()

    def _fill(self, end: int) -> None:
        with self._path.open("rb", buffering=0) as file:
            while self.position < end:
                wanted = min(PIECE_BYTES, end - self.position)
                piece = os.pread(file.fileno(), wanted, self.position)
                if not piece:
                    raise BadCheckpoint("changed", f"{self._path.name} became shorter")
                self._feed(piece)

    def _feed(self, piece: Piece) -> None:
        size_bytes = memoryview(piece).nbytes
        self.hashing.put(piece, self._flow.take(size_bytes, HASHES))
        self.position += size_bytes
        if self.position == self._file_bytes:
            self.hashing.close()


def _state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds: other bytes, other state."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
