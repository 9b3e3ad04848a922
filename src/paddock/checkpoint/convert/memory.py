"""How much memory a conversion may take, and what it does with it.

The process is bounded as a whole: what it holds already, and what headers and tokenizer took, is
subtracted before anything is streamed. Linux counts it (``/proc``); elsewhere nothing is known to
be held.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from paddock.checkpoint.convert.rendering import stretch_bytes
from paddock.checkpoint.convert.weight_file import Placed, WeightFile
from paddock.checkpoint.errors import TooLittleMemory

MIN_MEMORY_BYTES = 256_000_000
_MOST_BYTES = 128_000_000  # under way at once; more makes nothing faster
_RESERVE_BYTES = 64_000_000  # threads, hashes, the allocator's own
_TIMES_LARGEST = 16  # room for so many of the largest stretch, and what is made of it
_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """What this process holds now."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def allowance(memory_bytes: int) -> int:
    """What is left for converting in a process that may take so much; TooLittleMemory."""
    if memory_bytes < MIN_MEMORY_BYTES:
        raise TooLittleMemory(
            f"{memory_bytes:,} bytes of memory are too few to convert anything",
            hint=f"--memory takes {MIN_MEMORY_BYTES // 10**6}MB or more",
        )
    return memory_bytes - resident_bytes()


def stream_room(memory_bytes: int, held_bytes: int, files: Iterable[WeightFile]) -> int:
    """Bytes that may be under way while weights are streamed, of a whole of ``memory_bytes``."""
    largest = max((_stretch(placed) for file in files for placed in file.placed), default=0)
    free = memory_bytes - held_bytes - _RESERVE_BYTES
    needed = _TIMES_LARGEST * largest
    if free < needed:
        short = (needed - free) // 10**6 + 1
        raise TooLittleMemory(
            f"a head of this model takes {largest:,} bytes, its headers {held_bytes:,}: "
            f"{short} MB of memory are missing",
            hint="give more with --memory",
        )
    return min(free // 2, max(_MOST_BYTES, needed // 2))


def _stretch(placed: Placed) -> int:
    return stretch_bytes(placed.tensor, placed.rendering.head_dim)
