"""A file as a list of terms, each a run of chunks of one xorb, and which of them a range needs.

Pure: knows no rows and no bytes. A run of chunks excludes its end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.hub.xet import hashes

_row = struct.Struct("<32sIII")
_ROWS = np.dtype([("xorb", "V32"), ("unpacked", "<u4"), ("start", "<u4"), ("end", "<u4")])


class Term(NamedTuple):
    """A run of chunks ``[start, end)`` of a xorb."""

    xorb_hash: bytes
    unpacked_bytes: int
    start: int
    end: int

    @property
    def xorb(self) -> str:
        """The xorb's hash in text form."""
        return hashes.to_text(self.xorb_hash)


class Terms:
    """The terms of one file, in order; ``packed`` is the form in which they are kept."""

    __slots__ = ("_ends", "packed")

    def __init__(self, packed: bytes) -> None:
        rows: npt.NDArray[Any] = np.frombuffer(packed, _ROWS)
        self.packed = packed
        self._ends: npt.NDArray[np.int64] = np.cumsum(rows["unpacked"], dtype=np.int64)

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Terms:
        """Pack terms."""
        return cls(b"".join(_row.pack(*term) for term in terms))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[Term]:
        return map(Term._make, _row.iter_unpack(self.packed))

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return int(self._ends[-1]) if len(self) else 0

    @property
    def chunk_count(self) -> int:
        """Number of chunks, if every term is as it says."""
        rows: npt.NDArray[Any] = np.frombuffer(self.packed, _ROWS)
        starts, ends = (rows[name].astype(np.int64) for name in ("start", "end"))
        return int(np.maximum(ends - starts, 0).sum())

    def overlapping(self, start: int, end: int) -> Iterator[tuple[int, Term]]:
        """Terms that hold any of the bytes ``[start, end)``, each with its offset in the file."""
        if start >= end:
            return
        first = int(np.searchsorted(self._ends, start, side="right"))
        offset = int(self._ends[first - 1]) if first else 0
        for at in range(first, len(self)):
            if offset >= end:
                return
            term = Term._make(_row.unpack_from(self.packed, at * _row.size))
            yield offset, term
            offset += term.unpacked_bytes

    def at(self, number: int) -> Term:
        """One of the terms; from the end where the number is negative."""
        place = number % len(self) * _row.size
        return Term._make(_row.unpack_from(self.packed, place))

    def with_ends(self, first: Term, last: Term) -> Terms:
        """The same with another first and another last term, which are two."""
        between = self.packed[_row.size : -_row.size]
        return Terms(_row.pack(*first) + between + _row.pack(*last))

    def between(self, start: int, end: int) -> tuple[int, Terms]:
        """The terms that hold bytes ``[start, end)``, and the first one's offset in the file."""
        if start >= end:
            return 0, Terms(b"")
        first = int(np.searchsorted(self._ends, start, side="right"))
        last = int(np.searchsorted(self._ends, end, side="left"))
        offset = int(self._ends[first - 1]) if first else 0
        return offset, Terms(self.packed[first * _row.size : (last + 1) * _row.size])

    def runs(self) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
        """Each xorb that is named, with its runs of chunks in order, each run once."""
        rows: npt.NDArray[Any] = np.frombuffer(self.packed, _ROWS)
        names, numbers = np.unique(np.ascontiguousarray(rows["xorb"]), return_inverse=True)
        order = np.lexsort((rows["end"], rows["start"], numbers))
        bounds = np.searchsorted(numbers[order], np.arange(len(names) + 1))
        for at, name in enumerate(names):
            some = rows[order[bounds[at] : bounds[at + 1]]]
            pairs = zip(some["start"].tolist(), some["end"].tolist(), strict=True)
            yield name.tobytes(), list(dict.fromkeys(pairs))


class ChunkSpan(NamedTuple):
    """The chunks ``[start, end)`` of a term that hold the wanted bytes."""

    start: int
    end: int
    skip_bytes: int  # between the first chunk's start and the first wanted byte
    unpacked_bytes: int


def trim(sizes: npt.NDArray[np.uint32], first_chunk: int, start: int, end: int) -> ChunkSpan:
    """Whole chunks of a term that hold its bytes ``[start, end)``; ``sizes`` are its chunks'."""
    ends = np.cumsum(sizes, dtype=np.int64)
    first = int(np.searchsorted(ends, start, side="right"))
    last = int(np.searchsorted(ends, end, side="left"))
    last = min(last, len(ends) - 1)
    before = int(ends[first - 1]) if first else 0
    unpacked_bytes = int(ends[last]) - before
    return ChunkSpan(first_chunk + first, first_chunk + last + 1, start - before, unpacked_bytes)
