"""The file's bytes: a file object whose ranges are asked of the other side, some kept.

Small reads take a block with what is beside them, since the next read is often there; large ones go
straight through. How much is fetched for one question is bounded.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from paddock.hub.previews.reading.bounds import FETCHED_BYTES, Unreadable

BLOCK_BYTES = 256 << 10
_BLOCKS = 32

Fetch = Callable[[int, int], bytes]


class Ranges(Protocol):
    """Bytes of which any range can be read."""

    size_bytes: int
    is_cut: bool  # there is more behind them, which is not read

    def range(self, start: int, end: int) -> bytes:
        """These bytes; raises Unreadable."""
        ...


class Source(io.RawIOBase):
    """A file of ``size_bytes``; ``fetch(start, end)`` gives exactly these bytes."""

    def __init__(self, size_bytes: int, fetch: Fetch) -> None:
        super().__init__()
        self.size_bytes = size_bytes
        self.is_cut = False
        self._fetch = fetch
        self._at = 0
        self._left = FETCHED_BYTES
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.refused = ""  # why a read failed: a reader in between may say it less well

    def begin(self) -> None:
        """A new question may fetch as much again."""
        self._left, self.refused = FETCHED_BYTES, ""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; fewer only at the end."""
        end = self.size_bytes if size is None or size < 0 else min(self._at + size, self.size_bytes)
        found = self.range(self._at, end) if end > self._at else b""
        self._at += len(found)
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def range(self, start: int, end: int) -> bytes:
        """These bytes; raises Unreadable."""
        if end - start > BLOCK_BYTES:
            return self._fetched(start, end)
        pieces, at = [], start
        while at < end:
            number, skipped = divmod(at, BLOCK_BYTES)
            piece = self._block(number)[skipped : skipped + end - at]
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start = number * BLOCK_BYTES
        block = self._fetched(start, min(start + BLOCK_BYTES, self.size_bytes))
        self._blocks[number] = block
        if len(self._blocks) > _BLOCKS:
            self._blocks.popitem(last=False)
        return block

    def _fetched(self, start: int, end: int) -> bytes:
        if end - start > self._left:
            self.refused = (
                f"showing this takes reading more than {FETCHED_BYTES >> 20} MiB of the file"
            )
            raise Unreadable(self.refused)
        self._left -= end - start
        return self._fetch(start, end)
