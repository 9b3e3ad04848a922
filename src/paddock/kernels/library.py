"""The compiled library, if there is one, and its functions on arrays of bytes.

Knows how to call C (through ctypes, which releases the GIL), not what the numbers mean: lengths are
checked by the callers (``checkpoint.codecs``, ``byte_groups``). ``PADDOCK_KERNELS=off`` in the
environment does without; nothing changes but speed. Every function is pure and may run in threads.
"""

from __future__ import annotations

import ctypes
import os
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
    """The functions at one level: 0 any processor, 3 AVX2, 4 AVX-512 (x86-64's own counting)."""

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


def library() -> Library | None:
    """The functions at the best level of this processor; None to do without."""
    return None if os.environ.get(SWITCH) == "off" else _best()


def levels() -> tuple[Library, ...]:
    """The functions at every level that this processor has; empty without a library."""
    best = _best()
    if best is None:
        return ()
    return tuple(Library(level, best._c) for level in (0, 3, 4) if level <= best.level)


@cache
def _best() -> Library | None:
    try:
        c = ctypes.CDLL(str(sources.library_path(sources.CODECS)))
        c.paddock_sources.restype = ctypes.c_char_p
        if c.paddock_sources() != sources.digest(sources.CODECS).encode():
            return None  # of other sources, so its bits may differ
    except (OSError, AttributeError):
        return None
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    c.paddock_transcode.argtypes = [number, pointer, pointer, size, number, number]
    for function in (c.paddock_group_bytes, c.paddock_ungroup_bytes):
        function.argtypes, function.restype = [number, pointer, pointer, size], None
    return Library(int(c.paddock_best_level()), c)
