"""Cutting a file into chunks as its bytes come, where the clients would cut it.

Knows pieces of any size and what is left of one for the next; where a chunk ends is a matter of
``kernels.gear``. How the pieces come makes no difference to the chunks. Memory holds one chunk.
"""

from __future__ import annotations

from collections.abc import Callable

from paddock.kernels.gear import LARGEST_BYTES, gear_ends


class Cutter:
    """Gives ``keep`` each chunk as soon as it is whole; it must not hold on to the memory."""

    def __init__(self, keep: Callable[[memoryview], None]) -> None:
        self._keep = keep
        self._open = bytearray()  # of the chunk that began in an earlier piece

    def feed(self, piece: bytes | memoryview) -> None:
        """The next piece of the file, of any size."""
        view = memoryview(piece)
        if self._open:
            view = view[self._fill(view) :]
        start = 0
        for end in gear_ends(view) if len(view) else ():
            self._keep(view[start:end])
            start = end
        self._open += view[start:]

    def finish(self) -> None:
        """The file has ended: what is left is its last chunk."""
        if self._open:
            self._keep(memoryview(self._open))
        self._open = bytearray()

    def _fill(self, view: memoryview) -> int:
        """Let the open chunk end, or grow by all of the piece; how much of the piece it took."""
        had = len(self._open)
        self._open += view[: LARGEST_BYTES - had]
        ends = gear_ends(self._open, had)
        if not ends:
            return len(view)
        self._keep(memoryview(self._open)[: ends[0]])
        self._open = bytearray()
        return ends[0] - had
