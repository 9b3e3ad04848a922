"""Matrix products of the native engine: one row as in decoding, a few, and a prompt's.

Against the floors measured in the same run: how fast the weights could be read (few rows) and how
fast registers are multiplied (many). GB/s are bytes of packed weights in a second.

    python -m benchmarks.products [--megabytes N] [--rows N …] [--rounds N]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, best, compared, run
from benchmarks.floors import (
    PRECISIONS,
    compiled,
    huge_pages,
    measure_multiplying,
    measure_reading,
    named,
    seconds,
)
from paddock.checkpoint.codecs.transcoding import transcode
from paddock.kernels.library import Bytes
from paddock.kernels.step_library import KINDS, PANEL, Matrix, StepLibrary, step_library

INPUTS = 4096
OPERATIONS = 4e9  # of a measured product: many rows meet as many outputs as that takes
IS_BATCH = 64  # rows from which on products are bound by registers, not by memory
PRECISION = {"F32": "float32", "BF16": "bfloat16"}  # the others multiply int8


def fill(library: StepLibrary, kind: str, panels: Bytes, outputs: int) -> None:
    """Normal weights: one panel of them, and copies."""
    values = np.random.default_rng(1).standard_normal((PANEL, INPUTS)).astype(np.float32) * 0.02
    raw = values.tobytes()
    if kind != "F32":
        raw = bytes(transcode(memoryview(raw), "F32", kind))
    shape, rows = (outputs, INPUTS), range(PANEL)
    if not library.pack(kind, kind, np.frombuffer(raw, np.uint8), rows, shape, panels):
        raise ValueError(kind)
    size = library.matrix_bytes(kind, PANEL, INPUTS)
    for at in range(size, panels.size, size):
        panels[at : at + size] = panels[:size]


def spent_seconds(
    library: StepLibrary, matrix: Matrix, kind: str, rows: int, threads: int, rounds: int
) -> list[float]:
    """Of products of so many rows with the matrix, its panels divided among the threads."""
    random = np.random.default_rng(2)
    prepared = library.prepare(kind, random.standard_normal((rows, INPUTS)).astype(np.float32))
    y = np.empty((rows, matrix.outputs), np.float32)
    count = matrix.outputs // PANEL
    edges = [count * n // threads for n in range(threads + 1)]

    def multiply(n: int) -> None:
        library.multiply(matrix, prepared, range(edges[n], edges[n + 1]), y)

    return [seconds(multiply, threads) for _ in range(rounds + 1)][1:]


def measure_kind(
    library: StepLibrary, kind: str, floors: dict[str, Figure], options: argparse.Namespace
) -> Iterator[Figure]:
    """Every number of rows, with one thread and with two."""
    panel_bytes = library.matrix_bytes(kind, PANEL, INPUTS)
    panels = options.megabytes * 1_000_000 // panel_bytes
    with huge_pages(panels * panel_bytes) as memory:
        fill(library, kind, memory, panels * PANEL)
        for rows in options.rows:
            some = min(panels, max(8, int(OPERATIONS / (2 * rows * INPUTS * PANEL))))
            outputs = (panels if rows < IS_BATCH else some) * PANEL
            matrix = library.matrix(kind, memory, (outputs, INPUTS))
            for threads in (1, 2):
                spent = spent_seconds(library, matrix, kind, rows, threads, options.rounds)
                what = f"{kind}, {rows} row{'s' * (rows > 1)}, {named(threads)}"
                size = library.matrix_bytes(kind, outputs, INPUTS)
                work = 2 * rows * outputs * INPUTS
                if rows < IS_BATCH:
                    figure = best(what, "GB/s", [size / 1e9 / each for each in spent])
                    yield compared(figure, floors[f"read {threads}"])
                else:
                    figure = best(what, "GFLOP/s", [work / 1e9 / each for each in spent])
                    floor = floors.get(f"{PRECISION.get(kind, 'int8')} {threads}")
                    yield compared(figure, floor) if floor else figure
        del memory, matrix


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    library = step_library()
    if library is None:
        raise SystemExit("the products are not compiled here")
    loops = compiled(folder)
    floors = {f"read {n}": measure_reading(loops, n, options.rounds) for n in (1, 2)}
    for precision in PRECISIONS:
        for threads in (1, 2):
            found = measure_multiplying(loops, precision, threads, options.rounds)
            if found is not None:
                floors[f"{precision} {threads}"] = found
    figures = list(floors.values())
    for kind in KINDS:
        figures += measure_kind(library, kind, floors, options)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=300, help="of each matrix")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 128, 512])
    parser.add_argument("--rounds", type=int, default=7)
    run("Products of the engine", parser, measure)


if __name__ == "__main__":
    main()
