"""Whether a block of LZ4 copies from bytes that stand before: what every decoder reads alike.

A block is a run of sequences: a token (lengths of literals and of a copy), literals, the copy's
offset in two bytes; the last one ends with its literals. An offset of 0 is no place: one decoder
makes zeros of it and another refuses. Knows one block; does not unpack it.
"""

from __future__ import annotations

import numpy as np

from paddock.kernels.library import library

_LONG = 15  # a length that goes on in the next bytes
_GOES_ON = 255


def copies_from_before(block: bytes | memoryview) -> bool:
    """Whether every sequence of the block is whole and no copy has the offset 0."""
    kernels = library()
    if kernels is not None:
        return kernels.lz4_copies(np.frombuffer(block, np.uint8))
    try:
        return _plain(memoryview(block))
    except IndexError:  # a length that goes on behind the end
        return False


def _plain(block: memoryview) -> bool:
    at, size = 0, len(block)
    while at < size:
        literals, copied = block[at] >> 4, block[at] & 15
        at += 1
        if literals == _LONG:
            more, at = _length(block, at)
            literals += more
        at += literals
        if at >= size:
            return at == size
        if not block[at] | block[at + 1]:
            return False
        at += 2
        if copied == _LONG:
            _, at = _length(block, at)
    return False


def _length(block: memoryview, at: int) -> tuple[int, int]:
    """What the bytes from ``at`` on add to a length, and where they end."""
    total = 0
    while block[at] == _GOES_ON:
        total, at = total + _GOES_ON, at + 1
    return total + block[at], at + 1
