"""The compiled library, if there is one, and its functions on arrays of bytes.

Knows how to call C (through ctypes, which releases the GIL), not what the numbers mean: lengths are
checked by the callers (``checkpoint.codecs``, ``byte_groups``, ``gear``, ``lz4_copies``). With
``PADDOCK_KERNELS=off`` in the environment it is done without; nothing changes but speed. Every
function is pure and may run in threads.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.kernels import sources

SWITCH: Final = "PADDOCK_KERNELS"
Bytes = NDArray[np.uint8]

# Numbers of the types of elements, as in source/kernels.h.
DTYPES: Final = {
    name: number
    for number, name in enumerate(
        ("F32", "F16", "BF16", "F64", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K")
    )
}


@dataclass(frozen=True, slots=True)
class Library:
    """The functions at one of the levels of ``sources``."""

    level: int
    _c: ctypes.CDLL

    def transcode(self, raw: Bytes, elements: int, source: str, target: str, result: Bytes) -> bool:
        """Fill ``result`` with the elements as another type; False where one cannot be written."""
        done: int = self._c.paddock_transcode(
            self.level, raw.ctypes.data, result.ctypes.data, elements,
            DTYPES[source], DTYPES[target],
        )  # fmt: skip
        return bool(done)

    def group_bytes(self, raw: Bytes, result: Bytes) -> None:
        """Byte k of every four to the k-th group."""
        self._c.paddock_group_bytes(self.level, raw.ctypes.data, result.ctypes.data, raw.size)

    def ungroup_bytes(self, raw: Bytes, result: Bytes) -> None:
        """The inverse of group_bytes."""
        self._c.paddock_ungroup_bytes(self.level, raw.ctypes.data, result.ctypes.data, raw.size)

    def gear_ends(self, raw: Bytes, looked: int, most: int) -> list[int]:
        """Where chunks end that are whole in the bytes, at most so many (``gear``)."""
        ends = np.empty(most, np.uint64)
        count: int = self._c.paddock_gear_ends(
            raw.ctypes.data, raw.size, looked, ends.ctypes.data, most
        )
        found: list[int] = ends[:count].tolist()
        return found

    def lz4_copies(self, block: Bytes) -> bool:
        """Whether the block's sequences are whole and no copy has the offset 0."""
        whole: int = self._c.paddock_lz4_copies(block.ctypes.data, block.size)
        return bool(whole)


def library() -> Library | None:
    """The functions at the best level of this processor; None to do without."""
    found = levels()
    return found[-1] if found and os.environ.get(SWITCH) != "off" else None


@cache
def levels() -> tuple[Library, ...]:
    """The functions at every level that this processor has, best last; empty without a library."""
    c = opened(sources.CODECS)
    if c is None:
        return ()
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    c.paddock_transcode.argtypes = [number, pointer, pointer, size, number, number]
    for function in (c.paddock_group_bytes, c.paddock_ungroup_bytes):
        function.argtypes, function.restype = [number, pointer, pointer, size], None
    c.paddock_gear_ends.argtypes = [pointer, size, size, pointer, size]
    c.paddock_gear_ends.restype = size
    c.paddock_lz4_copies.argtypes = [pointer, size]
    return tuple(Library(level, c) for level in levels_of(sources.CODECS, c))


def opened(recipe: sources.Recipe) -> ctypes.CDLL | None:
    """The compiled library; None where there is none, or it is of other sources.

    What another takes and gives may differ.
    """
    try:
        c = ctypes.CDLL(str(sources.library_path(recipe)))
        c.paddock_sources.restype = ctypes.c_char_p
        return c if c.paddock_sources() == sources.digest(recipe).encode() else None
    except (OSError, AttributeError):
        return None


def levels_of(recipe: sources.Recipe, c: ctypes.CDLL) -> Iterator[int]:
    """Numbers of the levels that were compiled and that this processor has, lowest first."""
    numbers = [level.number for level in (sources.BASELINE, *recipe.levels)]
    return (number for number in numbers if c.paddock_has_level(number))
