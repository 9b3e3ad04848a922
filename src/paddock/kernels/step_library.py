"""The compiled products of the engine, if they are there: matrices packed into panels, multiplied.

Knows how to call C (through ctypes, which releases the GIL) and checks that arrays are as large as
C will take them to be; what the numbers mean is in ``step/matrix.h``. Every function is pure and
may run in threads, on different rows or panels of the same matrix too.
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
from paddock.kernels.library import DTYPES, SWITCH, Bytes, levels_of, opened

PANEL: Final = 64  # outputs
ALIGNMENT: Final = 64  # bytes
# As in step/matrix.h.
KINDS: Final = {
    name: number
    for number, name in enumerate(("F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"))
}
Floats = NDArray[np.float32]


class Matrix(ctypes.Structure):
    """A packed matrix, as C takes it. The panels' bytes must outlive it."""

    _fields_ = (
        ("panels", ctypes.c_void_p),
        ("kind", ctypes.c_int32),
        ("outputs", ctypes.c_int32),
        ("inputs", ctypes.c_int32),
    )


@dataclass(frozen=True, slots=True)
class StepLibrary:
    """The functions at one of the levels of ``sources``."""

    level: int
    c: ctypes.CDLL

    def matrix_bytes(self, kind: str, outputs: int, inputs: int) -> int:
        """Bytes of the packed matrix; 0 where the kind cannot hold so many inputs."""
        size: int = self.c.paddock_matrix_bytes(KINDS[kind], outputs, inputs)
        return size

    def pack(
        self, kind: str, source: str, raw: Bytes, rows: range, shape: tuple[int, int], panels: Bytes
    ) -> bool:
        """Put some rows of ``[outputs, inputs]`` into the panels; False where they cannot be.

        Ranges may be packed in any order, also at once; whole panels of 64 rows are fastest.
        """
        outputs, inputs = shape
        if panels.size < self.matrix_bytes(kind, outputs, inputs):
            raise ValueError("the panels have too few bytes")
        if raw.size < len(rows) * inputs * _BYTES_OF_256[source] // 256:
            raise ValueError("the rows have too few bytes")
        done: int = self.c.paddock_matrix_pack(
            KINDS[kind], DTYPES[source], raw.ctypes.data, rows.start, len(rows),
            outputs, inputs, panels.ctypes.data,
        )  # fmt: skip
        return bool(done)

    def matrix(self, kind: str, panels: Bytes, shape: tuple[int, int]) -> Matrix:
        """A packed matrix of ``[outputs, inputs]``."""
        outputs, inputs = shape
        if not 0 < self.matrix_bytes(kind, outputs, inputs) <= panels.size:
            raise ValueError("the panels have too few bytes")
        if panels.ctypes.data % ALIGNMENT:
            raise ValueError("the panels are not aligned")
        return Matrix(panels.ctypes.data, KINDS[kind], outputs, inputs)

    def row(self, matrix: Matrix, n: int) -> Floats:
        """Row ``n`` of the matrix, exactly as its format means it."""
        if not 0 <= n < matrix.outputs:
            raise ValueError("there is no such row")
        out = np.empty(matrix.inputs, np.float32)
        self.c.paddock_matrix_row(ctypes.byref(matrix), n, out.ctypes.data)
        return out

    def prepare(self, kind: str, x: Floats) -> Bytes:
        """Rows of activations as a product with this kind wants them, one under the other."""
        rows, inputs = x.shape
        x = np.ascontiguousarray(x)
        row_bytes: int = self.c.paddock_prepared_row_bytes(self.level, KINDS[kind], inputs)
        prepared = aligned(rows * row_bytes).reshape(rows, row_bytes)
        self.c.paddock_prepare(
            self.level, KINDS[kind], x.ctypes.data, inputs, rows, inputs, prepared.ctypes.data
        )
        return prepared

    def multiply(self, matrix: Matrix, prepared: Bytes, panels: range, y: Floats) -> None:
        """The outputs of some panels into ``y``, whose rows are as many as the prepared ones."""
        rows, stride = y.shape
        count = -(-matrix.outputs // PANEL)
        if not 0 <= panels.start <= panels.stop <= count or stride < matrix.outputs:
            raise ValueError("there are no such outputs")
        if prepared.shape[0] != rows or not y.flags.c_contiguous:
            raise ValueError("the rows are not those that were prepared")
        self.c.paddock_multiply(
            self.level, ctypes.byref(matrix), prepared.ctypes.data, rows,
            panels.start, panels.stop, y.ctypes.data, stride,
        )  # fmt: skip


_BYTES_OF_256: Final = {
    "F32": 1024, "F16": 512, "BF16": 512, "Q8_0": 272, "Q4_0": 144, "Q4_K": 144,
    "Q5_K": 176, "Q6_K": 210,
}  # fmt: skip


def aligned(size: int) -> Bytes:
    """So many bytes, aligned as the products want them."""
    room = np.empty(size + ALIGNMENT, np.uint8)
    skipped = -room.ctypes.data % ALIGNMENT
    return room[skipped : skipped + size]


def step_library() -> StepLibrary | None:
    """The functions at the best level of this processor; None to do without."""
    found = step_levels()
    return found[-1] if found and os.environ.get(SWITCH) != "off" else None


@cache
def step_levels() -> tuple[StepLibrary, ...]:
    """The functions at every level that this processor has, best last; empty without a library."""
    c = opened(sources.STEP)
    if c is None:
        return ()
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    c.paddock_matrix_bytes.argtypes = [number, size, size]
    c.paddock_matrix_pack.argtypes = [number, number, pointer, *[size] * 4, pointer]
    c.paddock_matrix_row.argtypes = [pointer, size, pointer]
    c.paddock_prepared_row_bytes.argtypes = [number, number, size]
    c.paddock_prepare.argtypes = [number, number, pointer, size, size, size, pointer]
    c.paddock_multiply.argtypes = [number, pointer, pointer, size, size, size, pointer, size]
    for function in (c.paddock_matrix_bytes, c.paddock_prepared_row_bytes):
        function.restype = size
    for function in (c.paddock_matrix_row, c.paddock_prepare, c.paddock_multiply):
        function.restype = None
    return tuple(StepLibrary(level, c) for level in levels_of(sources.STEP, c))
