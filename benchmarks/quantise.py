"""Elements into other types: casts, quantising, reading blocks, grouping bytes by four.

Against the floor (a copy of the source, measured in the same run), the `gguf` package and, where a
library of llama.cpp is given or `xllamacpp` is installed, its quantiser in C. Ours runs with the
kernels and without. Rates are bytes of the source in a second.

    python -m benchmarks.quantise [--elements N] [--rounds N] [--ggml LIBRARY]
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import gguf
import numpy as np

from benchmarks.figures import Figure, best, compared, run
from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.dtypes import size_in_bytes
from paddock.kernels.byte_groups import grouped, ungrouped

PIECE_ELEMENTS = 1 << 19
ROW = 4096  # of a tensor: `gguf` works through sixteen rows at a time
SMALL, LARGE = ("Q8_0", "Q4_0"), ("Q4_K", "Q5_K", "Q6_K")
CASTS = (("BF16", "F32"), ("F32", "BF16"), ("BF16", "F16"), ("F16", "F32"), ("F32", "F16"))
Work = Callable[[memoryview], object]


def rates(what: str, raw: bytes, piece_bytes: int, work: Work, threads: int, rounds: int) -> Figure:
    """Bytes of the source in a second, piece by piece as a conversion would."""
    pieces = [memoryview(raw)[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)]
    found = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            for _ in pool.map(work, pieces):
                pass
            found.append(len(raw) / 1e9 / (time.perf_counter() - began))
    return best(f"{what}, {threads} thread{'s' * (threads > 1)}", "GB/s", found[1:])


@contextmanager
def without_kernels() -> Iterator[None]:
    os.environ["PADDOCK_KERNELS"] = "off"
    try:
        yield
    finally:
        del os.environ["PADDOCK_KERNELS"]


def by_gguf(target: str, raw: memoryview) -> object:
    """From bfloat16, as its converter does."""
    values = (np.frombuffer(raw, np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
    return gguf.quantize(values.reshape(-1, ROW), gguf.GGMLQuantizationType[target])


def read_by_gguf(source: str, raw: memoryview) -> object:
    rows = np.frombuffer(raw, np.uint8).reshape(-1, size_in_bytes(source, ROW))
    return gguf.dequantize(rows, gguf.GGMLQuantizationType[source])


def by_ggml(library: ctypes.CDLL, target: str, raw: memoryview) -> object:
    """From bfloat16 to float32 by our cast, then llama.cpp's quantiser without importances."""
    values = transcode(raw, "BF16", "F32")
    elements = len(raw) // 2
    result = np.empty(size_in_bytes(target, elements), np.uint8)
    quantise = getattr(library, f"quantize_row_{target.lower().replace('_k', '_K')}_ref")
    quantise.argtypes, quantise.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64], None
    quantise(np.frombuffer(values, np.float32).ctypes.data, result.ctypes.data, elements)
    return result


def ggml_library(path: Path | None) -> ctypes.CDLL | None:
    """The library that was given, or the one in `xllamacpp`."""
    found = importlib.util.find_spec("xllamacpp")
    if path is None and found is not None and found.submodule_search_locations:
        path = next(Path(found.submodule_search_locations[0]).glob("xllamacpp*.so"), None)
    return ctypes.CDLL(str(path)) if path else None


def measure_quantising(
    raw: bytes, target: str, ggml: ctypes.CDLL | None, rounds: int
) -> Iterator[Figure]:
    piece, ours = 2 * PIECE_ELEMENTS, partial(_ours, "BF16", target)
    peers: list[Figure] = []
    if target in SMALL:
        peers.append(
            rates(f"BF16 to {target}, gguf", raw, piece, partial(by_gguf, target), 1, rounds)
        )
    if ggml is not None:
        work = partial(by_ggml, ggml, target)
        peers.append(rates(f"BF16 to {target}, llama.cpp", raw, piece, work, 1, rounds))
    yield from peers
    with without_kernels():
        yield _against(rates(f"BF16 to {target}, plain", raw, piece, ours, 1, rounds), peers)
    for threads in (1, 2):
        figure = rates(f"BF16 to {target}, kernel", raw, piece, ours, threads, rounds)
        yield _against(figure, peers)


def measure_reading(raw: bytes, source: str, rounds: int) -> Iterator[Figure]:
    blocks = bytes(transcode(raw, "BF16", source))
    piece, ours = size_in_bytes(source, PIECE_ELEMENTS), partial(_ours, source, "F32")
    peer = rates(f"{source} to F32, gguf", blocks, piece, partial(read_by_gguf, source), 1, rounds)
    yield peer
    with without_kernels():
        yield compared(rates(f"{source} to F32, plain", blocks, piece, ours, 1, rounds), peer)
    for threads in (1, 2):
        figure = rates(f"{source} to F32, kernel", blocks, piece, ours, threads, rounds)
        yield compared(figure, peer)


def measure_pairs(
    what: str, raw: bytes, piece: int, work: Work, floors: dict[int, Figure], rounds: int
) -> Iterator[Figure]:
    """The kernel against the floor, and what it gains on NumPy."""
    with without_kernels():
        plain = rates(f"{what}, plain", raw, piece, work, 1, rounds)
    yield plain
    for threads in (1, 2):
        figure = rates(f"{what}, kernel", raw, piece, work, threads, rounds)
        yield compared(figure, plain if threads == 1 else floors[2])


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    random = np.random.default_rng(7)
    values = (random.standard_normal(options.elements) * 0.02).astype(np.float32)
    raw = {"F32": values.tobytes()}
    raw |= {to: bytes(transcode(raw["F32"], "F32", to)) for to in ("BF16", "F16")}
    ggml, rounds = ggml_library(options.ggml), options.rounds
    piece = 4 * PIECE_ELEMENTS
    floors = {n: rates("a copy", raw["F32"], piece, bytes, n, rounds) for n in (1, 2)}
    figures = list(floors.values())
    for source, target in CASTS:
        size = size_in_bytes(source, PIECE_ELEMENTS)
        work = partial(_ours, source, target)
        figures += measure_pairs(f"{source} to {target}", raw[source], size, work, floors, rounds)
    for target in (*SMALL, *LARGE):
        some = raw["BF16"][: len(raw["BF16"]) // (1 if target in SMALL else 8)]
        figures += measure_quantising(some, target, ggml, rounds)
        figures += measure_reading(some, target, rounds)
    for what, grouping in (("bytes into groups of four", grouped), ("and back", ungrouped)):
        figures += measure_pairs(what, raw["BF16"], 128 * 1024, grouping, floors, rounds)
    return figures


def _ours(source: str, target: str, raw: memoryview) -> object:
    return transcode(raw, source, target)


def _against(figure: Figure, peers: list[Figure]) -> Figure:
    return compared(figure, peers[0]) if peers else figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=1 << 27, help="weights to convert")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ggml", type=Path, help="a shared library with llama.cpp's quantisers")
    run("Quantising and casting", parser, measure)


if __name__ == "__main__":
    main()
