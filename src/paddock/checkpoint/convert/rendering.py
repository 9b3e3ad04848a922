"""What becomes of a tensor's bytes in a file: another type, another order of rows.

Pure, and blind to which tensor it is: a stretch of whole blocks in, another out, so that stretches
are rendered side by side. A number never becomes infinite unnoticed: what a narrower type cannot
hold is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddock.checkpoint.codecs.transcoding import decode, transcode
from paddock.checkpoint.dtypes import size_in_bytes
from paddock.checkpoint.errors import BadElements
from paddock.checkpoint.tensors import PIECE_BYTES, Piece, Tensor

_BLOCK_ELEMENTS = 256  # a whole number of blocks of every type
_INFINITY = {"F16": 0x7C00, "BF16": 0x7F80, "F32": 0x7F80_0000}
_REACHING = {"BF16": ("F32", "F64"), "F32": ("F64",)}  # what has larger numbers; F16: everything


@dataclass(frozen=True, slots=True)
class Rendering:
    """A type, and Meta's order of rows within each head: ``head_dim`` of them, None for as is."""

    dtype: str
    head_dim: int | None = None

    def size_bytes(self, elements: int) -> int:
        """Bytes that so many elements take."""
        return size_in_bytes(self.dtype, elements)

    def is_identity(self, dtype: str) -> bool:
        """Whether elements of this type stay as they are."""
        return self.dtype == dtype and self.head_dim is None


def render(raw: Piece, source: str, columns: int, rendering: Rendering) -> memoryview:
    """Elements of type ``source``, whole heads of rows of ``columns`` where their order changes.

    Raises BadElements: as ``transcode``, and ``out_of_range`` for a number that would be infinite.
    """
    if rendering.dtype == source:  # of any type, also one that is only carried
        made = memoryview(raw).cast("B")
    else:
        made = transcode(raw, source, rendering.dtype)
        if rendering.dtype == "F16" or source in _REACHING.get(rendering.dtype, ()):
            _check_finite(raw, source, made, rendering.dtype)
    if rendering.head_dim is None:
        return made
    return pairs_from_halves(made, rendering.head_dim, rendering.size_bytes(columns))


def _check_finite(raw: Piece, source: str, made: memoryview, target: str) -> None:
    """Raise BadElements where a finite number became infinite."""
    infinity = _INFINITY[target]
    unsigned = np.frombuffer(made, "<u4" if target == "F32" else "<u2")
    magnitudes = unsigned & unsigned.dtype.type(infinity | (infinity & -infinity) - 1)
    if not magnitudes.size or magnitudes.max() < infinity:
        return
    given = np.frombuffer(raw, "<f8") if source == "F64" else decode(raw, source)
    wrong = np.flatnonzero((magnitudes == infinity) & np.isfinite(given))
    if wrong.size:
        place = int(wrong[0])
        message = f"element {place} is {given[place]:g}, which is infinite as {target}"
        raise BadElements("out_of_range", message)


def pairs_from_halves(raw: memoryview, head_dim: int, row_bytes: int) -> memoryview:
    """Rows of whole heads in Meta's order, from Hugging Face's: i beside i + half."""
    rows = np.frombuffer(raw, np.uint8).reshape(-1, 2, head_dim // 2, row_bytes)
    return np.ascontiguousarray(rows.swapaxes(1, 2)).reshape(-1).data


def stretch_bytes(tensor: Tensor, head_dim: int | None) -> int:
    """Bytes of the source that are rendered at once: whole blocks of any type, or whole heads."""
    elements = _BLOCK_ELEMENTS if head_dim is None else head_dim * tensor.shape[-1]
    unit = size_in_bytes(tensor.dtype, elements)
    return max(1, PIECE_BYTES // unit) * unit
