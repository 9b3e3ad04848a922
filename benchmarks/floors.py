"""The machine's floors: how fast memory is read, and how fast registers are multiplied.

No engine can be faster: a step of one token reads every weight, and a prompt multiplies each weight
with every token. In C (``floors.c``), compiled here for the processor that it runs on.
"""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, best
from paddock.kernels.sources import compilers

SOURCE = Path(__file__).with_name("floors.c")
READ_BYTES = 1 << 29  # many times the last cache
MULTIPLY_ROUNDS = 1_000_000
PRECISIONS = ("float32", "bfloat16", "int8")


def compiled(folder: Path) -> ctypes.CDLL:
    """The loops of floors.c; raises OSError or CalledProcessError without a compiler."""
    target = folder / "floors.so"
    compiler = next(compilers())
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-Wno-psabi", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    library.read_all.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    for name in PRECISIONS:
        function = getattr(library, f"multiply_{name}")
        function.argtypes, function.restype = [ctypes.c_size_t], ctypes.c_size_t
    return library


@contextmanager
def huge_pages(size: int) -> Iterator[NDArray[np.uint8]]:
    """Memory of its own, in huge pages where the system has them."""
    with mmap.mmap(-1, size) as room:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            room.madvise(mmap.MADV_HUGEPAGE)
        yield np.frombuffer(room, np.uint8)


def seconds(work: Callable[[int], object], threads: int) -> float:
    """Of all threads together; each is told its number."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(time.sleep, [0.001] * threads))  # all have started
        began = time.perf_counter()
        list(pool.map(work, range(threads)))
        return time.perf_counter() - began


def measure_reading(library: ctypes.CDLL, threads: int, rounds: int) -> Figure:
    """Gigabytes in a second that the threads read together."""
    share = READ_BYTES // threads // 4096 * 4096
    found = []
    with huge_pages(READ_BYTES) as memory:
        memory[:] = 1
        at = memory.ctypes.data
        for _ in range(rounds + 1):
            spent = seconds(lambda n: library.read_all(at + n * share, share), threads)
            found.append(share * threads / 1e9 / spent)
        del memory
    return best(f"floor: memory is read, {named(threads)}", "GB/s", found[1:])


def measure_multiplying(
    library: ctypes.CDLL, precision: str, threads: int, rounds: int
) -> Figure | None:
    """Billions of operations in a second, the threads' together; None without the instruction."""
    multiply = getattr(library, f"multiply_{precision}")
    operations = multiply(MULTIPLY_ROUNDS) * threads
    if not operations:
        return None
    spent = [seconds(lambda _: multiply(MULTIPLY_ROUNDS), threads) for _ in range(rounds)]
    found = [operations / 1e9 / each for each in spent]
    return best(f"floor: {precision} is multiplied, {named(threads)}", "GFLOP/s", found)


def named(threads: int) -> str:
    return f"{threads} thread{'s' * (threads > 1)}"
