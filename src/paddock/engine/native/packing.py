"""Weights into panels: the bytes of a plan, one piece after the other.

Streams: what is under way is bounded by the number of threads, however large the model. One thread
reads, others encode and pack (the compiled loops release the GIL). Blocks that stay what they are
are taken over bit by bit. Numbers that are not finite are refused: no honest model has them, and
they would make every answer of it NaN. Knows no files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import decode, transcode
from paddock.checkpoint.dtypes import BLOCKS, size_in_bytes
from paddock.checkpoint.errors import BadElements
from paddock.checkpoint.tensors import Tensor, regrouped
from paddock.engine.native.plan import Plan, PlannedMatrix
from paddock.engine.native.weights import Kind
from paddock.kernels.step_library import PANEL, StepLibrary, aligned

Bytes = NDArray[np.uint8]

STRETCH_BYTES: Final = 4 << 20  # of the source, that one thread packs at once
AHEAD: Final = 2  # stretches that wait for a thread

# What C packs into a kind without our help; anything else is transcoded to the first of these.
_TAKEN: Final = {
    Kind.F32: ("F32", "F16", "BF16"),
    Kind.BF16: ("BF16", "F16", "F32"),
    Kind.Q8: ("Q8_0",),
    Kind.Q4: ("Q4_0",),
    Kind.Q4_K: ("Q4_K",),
    Kind.Q5_K: ("Q5_K",),
    Kind.Q6_K: ("Q6_K",),
}
# The bytes of a block that are F16 numbers.
_SCALES: Final = {
    "Q8_0": slice(0, 2), "Q4_0": slice(0, 2), "Q4_K": slice(0, 4), "Q5_K": slice(0, 4),
    "Q6_K": slice(208, 210),
}  # fmt: skip
_CHUNK: Final = 1 << 18  # elements that are looked at at once: they stay in the second cache
# The bits, without the sign, from which on a number is not finite, or would not be in the kind.
_INFINITE: Final = {"F32": 0x7F80_0000, "F16": 0x7C00, "BF16": 0x7F80}
_INFINITE_AS_BF16: Final = 0x7F7F_8000


class Stretch(NamedTuple):
    """Whole panels of a matrix, or its last rows; a small matrix of its own."""

    matrix: PlannedMatrix
    tensor: Tensor
    raw: memoryview

    @property
    def rows(self) -> int:
        return len(self.raw) // size_in_bytes(self.tensor.dtype, self.matrix.inputs)


def packed_pieces(plan: Plan, library: StepLibrary, threads: int) -> Iterator[memoryview]:
    """All bytes of a plan in order: its matrices, then its norms.

    Raises BadElements for numbers that are not finite, or that a kind cannot hold.
    """
    waiting: deque[Future[Bytes]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="packing") as pool:
        try:
            for stretch in (each for matrix in plan.matrices for each in stretches_of(matrix)):
                waiting.append(pool.submit(pack_stretch, stretch, library))
                if len(waiting) >= threads + AHEAD:
                    yield waiting.popleft().result().data
            while waiting:
                yield waiting.popleft().result().data
        finally:
            for future in waiting:
                future.cancel()
    for tensor in plan.norms:
        yield norm_values(tensor).view(np.uint8).data


def stretches_of(matrix: PlannedMatrix) -> Iterator[Stretch]:
    """The matrix's rows in order, read as they are asked for."""
    for tensor in matrix.tensors:
        panel_bytes = PANEL * size_in_bytes(tensor.dtype, matrix.inputs)
        wanted = max(1, STRETCH_BYTES // panel_bytes) * panel_bytes
        for raw in regrouped(tensor.pieces(), wanted):
            yield Stretch(matrix, tensor, raw)


def pack_stretch(stretch: Stretch, library: StepLibrary) -> Bytes:
    """Its panels, aligned; raises BadElements."""
    matrix, tensor, raw = stretch
    rows = stretch.rows
    dtype = _taken(tensor.dtype, matrix.kind)
    try:
        content = np.frombuffer(transcode(raw, tensor.dtype, dtype), np.uint8)
    except BadElements as e:
        raise BadElements(e.reason, f"the tensor {tensor.name!r}: {e.message}") from e
    if not _is_finite(content, dtype, matrix.kind):
        raise _not_finite(tensor)
    kind = matrix.kind.dtype
    panels = aligned(library.matrix_bytes(kind, rows, matrix.inputs))
    if not library.pack(kind, dtype, content, range(rows), (rows, matrix.inputs), panels):
        raise ValueError(f"{tensor.name!r} cannot be packed from {dtype} as {kind}")
    return panels


def _taken(stored: str, kind: Kind) -> str:
    taken = _TAKEN[kind]
    return stored if stored in taken else taken[0]


def _is_finite(content: Bytes, dtype: str, kind: Kind) -> bool:
    if dtype in BLOCKS:
        blocks = content.reshape(-1, BLOCKS[dtype].size_bytes)
        scales = np.ascontiguousarray(blocks[:, _SCALES[dtype]])
        return _is_below(scales.reshape(-1), "F16", _INFINITE["F16"])
    is_narrowed = dtype == "F32" and kind is Kind.BF16
    return _is_below(content, dtype, _INFINITE_AS_BF16 if is_narrowed else _INFINITE[dtype])


def _is_below(content: Bytes, dtype: str, limit: int) -> bool:
    """Whether all magnitudes are below, as bits; far cheaper than asking each number."""
    words = content.view("<u4" if dtype == "F32" else "<u2")
    for at in range(0, words.size, _CHUNK):
        # Doubling pushes the sign out and keeps the order of what is left.
        if (words[at : at + _CHUNK] << 1).max() >= 2 * limit:
            return False
    return True


def norm_values(tensor: Tensor) -> NDArray[np.float32]:
    """A norm's weights; raises BadElements where one is not finite."""
    values = decode(tensor.read(), tensor.dtype)
    if not np.isfinite(values).all():
        raise _not_finite(tensor)
    return values


def _not_finite(tensor: Tensor) -> BadElements:
    return BadElements(
        "not_finite",
        f"the tensor {tensor.name!r} holds numbers that are not finite (NaN or infinite)",
        hint="the file is damaged, or training diverged; `paddock scan` says where",
    )
