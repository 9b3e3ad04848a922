"""Which chunks of which xorbs a file is made of: its terms, sorted so that a xorb's are found.

Pure. ``Mask`` has a flag for each chunk of a xorb.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from paddock.hub.xet.layout import Term, Terms

Mask = npt.NDArray[np.bool_]

_ROW = struct.Struct("<32sIII")  # a packed term
_KEY = np.dtype([("key", "<u8"), ("rest", "V36")])  # the same; a key is the front of a hash


class Spans:
    """The terms of one file by xorb; building it takes a sort, a look-up next to nothing."""

    def __init__(self, terms: Terms) -> None:
        self._packed = terms.packed
        keys: npt.NDArray[Any] = np.frombuffer(terms.packed, _KEY)["key"]
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def of(self, xorb_hash: bytes) -> list[int]:
        """Numbers of the terms that are of this xorb (its raw hash), in the file's order."""
        key = np.frombuffer(xorb_hash[:8], "<u8")[0]
        first, last = np.searchsorted(self._keys, key), np.searchsorted(self._keys, key, "right")
        found: list[int] = self._order[first:last].tolist()
        return [at for at in found if self.term(at).xorb_hash == xorb_hash]

    def term(self, at: int) -> Term:
        """The file's term of this number."""
        return Term._make(_ROW.unpack_from(self._packed, at * _ROW.size))

    def mask(self, xorb_hash: bytes, chunk_count: int) -> Mask:
        """A flag for each of the xorb's chunks, set for those that the file is made of."""
        flags = np.zeros(chunk_count, np.bool_)
        for at in self.of(xorb_hash):
            term = self.term(at)
            flags[term.start : term.end] = True
        return flags

    def position(self, xorb_hash: bytes, chunk: int) -> int | None:
        """The number of the first term that holds this chunk of the xorb."""
        for at in self.of(xorb_hash):
            if self.term(at).start <= chunk < self.term(at).end:
                return at
        return None

    def __len__(self) -> int:
        return len(self._keys)


def either(one: Mask, other: Mask) -> Mask:
    """What one of them has; beyond its end a mask is False."""
    both = np.zeros(max(len(one), len(other)), np.bool_)
    both[: len(one)] |= one
    both[: len(other)] |= other
    return both
