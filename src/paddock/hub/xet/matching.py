"""Which chunks of a file are somewhere already: runs of neighbours in known xorbs, and what is new.

Pure: knows hashes, no bytes, rows or rights; who may be compared with whom was decided before. A
run shorter than ``SHORTEST_RUN`` is not worth a term of its own and counts as new, so a file has
few terms. What is new and comes again in the file is found too. Memory is bounded for any file.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.errors import TooLarge
from paddock.hub.xet.hashes import HASH_BYTES
from paddock.hub.xet.spans import Mask
from paddock.hub.xet.xorbs import ChunkTable

SHORTEST_RUN = 4
POOL_CHUNKS = 1 << 17  # of xorbs in the pool, and of the file's own
MOST_RUNS = 1 << 17


class TooScattered(TooLarge):
    """The file would have more terms than one should."""

    code = "file_too_scattered"


class Run(NamedTuple):
    """Chunks ``[start, end)`` of a xorb; without one, of the file's new chunks in their order."""

    xorb: str | None
    start: int
    end: int


class Matched(NamedTuple):
    """A whole file as runs."""

    runs: list[Run]
    new_chunks: list[tuple[int, int]]  # which of the file's chunks, each end exclusive
    new_sizes: npt.NDArray[np.uint32]
    found_bytes: int


class Pool:
    """Chunks of xorbs in which parts of a file are looked for; the oldest xorbs make room."""

    def __init__(self) -> None:
        self._xorbs: OrderedDict[str, list[bytes | None]] = OrderedDict()
        self._places: dict[bytes, tuple[str, int]] = {}
        self._count = 0

    def __contains__(self, xorb_hash: str) -> bool:
        return xorb_hash in self._xorbs

    def add(self, xorb_hash: str, chunks: ChunkTable, used: Mask) -> None:
        """Look into this xorb too, at the chunks that are flagged and no others."""
        packed = chunks.hashes(0, len(chunks))
        known = self._xorbs.setdefault(xorb_hash, [None] * len(chunks))
        for at in np.flatnonzero(used[: len(chunks)]).tolist():
            if known[at] is None:
                known[at] = raw = packed[at * HASH_BYTES : (at + 1) * HASH_BYTES]
                self._places.setdefault(raw, (xorb_hash, at))
                self._count += 1
        while self._count > POOL_CHUNKS and len(self._xorbs) > 1:
            self._forget_oldest()

    def find(self, chunk_hash: bytes) -> tuple[str, int] | None:
        """A place of the chunk."""
        return self._places.get(chunk_hash)

    def is_at(self, xorb_hash: str, at: int, chunk_hash: bytes) -> bool:
        """Whether the chunk is at this place of the xorb."""
        known = self._xorbs.get(xorb_hash)
        return known is not None and at < len(known) and known[at] == chunk_hash

    def _forget_oldest(self) -> None:
        xorb_hash, known = self._xorbs.popitem(last=False)
        for raw in known:
            if raw is not None:
                self._count -= 1
                if self._places.get(raw, ("",))[0] == xorb_hash:
                    del self._places[raw]


class Matcher:
    """Takes a file's chunks in order and tells where each of them is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._runs: list[Run] = []
        self._found_bytes = 0
        self._chunk = 0  # number of the next one in the file
        self._new_chunks: list[tuple[int, int]] = []
        self._new_sizes: list[int] = []
        self._new: list[bytes] = []  # hashes of the first of them
        self._new_places: dict[bytes, int] = {}
        # Neighbours that were found, which may be too few.
        self._open: list[tuple[bytes, int]] = []
        self._place: tuple[str | None, int] = (None, 0)  # of the first of them

    def add(self, chunk_hash: bytes, size_bytes: int) -> None:
        """The next chunk; raises TooScattered."""
        if self._open and not self._continues(chunk_hash):
            self._close()
        if not self._open:
            place = self._find(chunk_hash)
            if place is None:
                self._add_new(chunk_hash, size_bytes)
                self._chunk += 1
                return
            self._place = place
        self._open.append((chunk_hash, size_bytes))
        self._chunk += 1

    def add_known(self, run: Run, size_bytes: int) -> None:
        """The next chunks, which are in this xorb for certain."""
        self._close()
        self._add_run(run)
        self._found_bytes += size_bytes
        self._chunk += run.end - run.start

    def finish(self) -> Matched:
        """All of it, when every chunk was added."""
        self._close()
        sizes = np.array(self._new_sizes, np.uint32)
        return Matched(self._runs, self._new_chunks, sizes, self._found_bytes)

    @property
    def last_xorb(self) -> str | None:
        """Where the last chunk was found, if it was."""
        if self._open:
            return self._place[0]
        return self._runs[-1].xorb if self._runs else None

    def _find(self, chunk_hash: bytes) -> tuple[str | None, int] | None:
        if (place := self._pool.find(chunk_hash)) is not None:
            return place
        own = self._new_places.get(chunk_hash)
        return None if own is None else (None, own)

    def _continues(self, chunk_hash: bytes) -> bool:
        xorb, first = self._place
        at = first + len(self._open)
        if xorb is not None:
            return self._pool.is_at(xorb, at, chunk_hash)
        return at < len(self._new) and self._new[at] == chunk_hash

    def _close(self) -> None:
        found, self._open = self._open, []
        if not found:
            return
        if len(found) >= SHORTEST_RUN:
            xorb, first = self._place
            self._add_run(Run(xorb, first, first + len(found)))
            self._found_bytes += sum(size_bytes for _, size_bytes in found)
            return
        after, self._chunk = self._chunk, self._chunk - len(found)
        for chunk_hash, size_bytes in found:
            self._add_new(chunk_hash, size_bytes)
            self._chunk += 1
        assert self._chunk == after  # noqa: S101  (they were counted before)

    def _add_new(self, chunk_hash: bytes, size_bytes: int) -> None:
        at = len(self._new_sizes)
        self._new_sizes.append(size_bytes)
        if at < POOL_CHUNKS:
            self._new.append(chunk_hash)
            self._new_places.setdefault(chunk_hash, at)
        start, end = self._new_chunks[-1] if self._new_chunks else (0, -1)
        if end == self._chunk:
            self._new_chunks[-1] = (start, end + 1)
        else:
            self._new_chunks.append((self._chunk, self._chunk + 1))
        self._add_run(Run(None, at, at + 1))

    def _add_run(self, run: Run) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and last.xorb == run.xorb and last.end == run.start:
            self._runs[-1] = last._replace(end=run.end)
            return
        if len(self._runs) >= MOST_RUNS:
            raise TooScattered(f"the file would have more than {MOST_RUNS} terms")
        self._runs.append(run)
