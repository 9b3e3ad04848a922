"""Matrices of every kind, and what multiplying with them gives, in NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.dtypes import BLOCKS, size_in_bytes
from paddock.kernels.library import Bytes
from paddock.kernels.step_library import (
    KINDS,
    PANEL,
    Floats,
    Matrix,
    StepLibrary,
    aligned,
    step_levels,
)

WAYS = [(library, kind) for library in step_levels() for kind in KINDS]
IDS = [f"level {library.level}, {kind}" for library, kind in WAYS]
FLOATS = ("F32", "F16", "BF16")
# Inputs come in whole multiples of this.
INPUTS = {kind: 1 if kind in FLOATS else BLOCKS[kind].elements for kind in KINDS}
# Where the F16 scales of a block lie.
SCALES = {
    "Q8_0": slice(0, 2), "Q4_0": slice(0, 2), "Q4_K": slice(0, 4), "Q5_K": slice(0, 4),
    "Q6_K": slice(208, 210),
}  # fmt: skip


class Packed(NamedTuple):
    """A matrix, the bytes that it lies in, and the numbers that it means."""

    matrix: Matrix
    panels: Bytes
    weights: Floats


def rows_of(kind: str, shape: tuple[int, int], random: np.random.Generator) -> Bytes:
    """Rows as they stand in a file: of blocks every code, with scales that a layer could have."""
    outputs, inputs = shape
    if kind in FLOATS:
        values = (random.standard_normal(outputs * inputs) * 0.1).astype(np.float32)
        return np.frombuffer(converted(values, kind), np.uint8)
    size = size_in_bytes(kind, INPUTS[kind])
    blocks = random.integers(0, 256, (outputs * inputs // INPUTS[kind], size), dtype=np.uint8)
    scales = blocks[:, SCALES[kind]]
    halves = random.standard_normal((len(blocks), scales.shape[1] // 2)).astype(np.float16)
    scales[:] = (halves * np.float16(0.01)).view(np.uint8)
    return blocks.reshape(-1)


def converted(values: Floats, dtype: str) -> bytes:
    raw = values.tobytes()
    return raw if dtype == "F32" else bytes(transcode(memoryview(raw), "F32", dtype))


def read(raw: Bytes, dtype: str) -> Floats:
    """The numbers that bytes of a file mean."""
    if dtype != "F32":
        raw = np.frombuffer(bytes(transcode(memoryview(raw.tobytes()), dtype, "F32")), np.uint8)
    return raw.view(np.float32)


def packed(
    library: StepLibrary, kind: str, shape: tuple[int, int], random: np.random.Generator
) -> Packed:
    raw = rows_of(kind, shape, random)
    panels = aligned(library.matrix_bytes(kind, *shape))
    assert library.pack(kind, kind, raw, range(shape[0]), shape, panels)
    return Packed(library.matrix(kind, panels, shape), panels, read(raw, kind).reshape(shape))


def product(library: StepLibrary, kind: str, matrix: Matrix, x: Floats) -> Floats:
    """All rows and all outputs at once."""
    y = np.empty((len(x), matrix.outputs), np.float32)
    library.multiply(matrix, library.prepare(kind, x), every_panel(matrix), y)
    return y


def every_panel(matrix: Matrix) -> range:
    return range(-(-matrix.outputs // PANEL))


def as_multiplied(kind: str, x: Floats, *, is_fused: bool) -> NDArray[np.float64]:
    """Rows as the products with codes take them: rounded to one of 255 steps of their group's.

    Where a processor fuses a product with what follows, it is not rounded to float32 before.
    """
    if kind in FLOATS:
        return x.astype(np.float64)
    groups = x.reshape(-1, 16 if kind == "Q6_K" else 32)
    scale = np.abs(groups).max(axis=1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    exact = groups.astype(np.float64) * inverse
    codes = np.rint(exact if is_fused else exact.astype(np.float32))
    return (codes.astype(np.float64) * scale).reshape(x.shape)
