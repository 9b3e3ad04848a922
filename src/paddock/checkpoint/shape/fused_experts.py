"""One expert's matrix [out, in] out of a tensor [experts, in, out] that holds all of them.

Reads the expert's own bytes where they lie in the file as they are, else everything before them as
well. Memory while it streams is twice the matrix.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.tensors import PIECE_BYTES, Piece, Tensor, read_range, regrouped


def transposed(tensor: Tensor, expert: int) -> Tensor:
    """The matrix; raises TensorMismatch for elements that are no whole bytes."""
    bits = BITS.get(tensor.dtype, 0)
    if not bits or bits % 8:
        raise TensorMismatch(
            "dtype", f"the experts in {tensor.name!r} are {tensor.dtype}, no plain numbers"
        )
    _, inputs, outputs = tensor.shape

    def pieces() -> Iterator[Piece]:
        raw = _expert_bytes(tensor, expert)
        matrix = np.frombuffer(raw, f"V{bits // 8}").reshape(inputs, outputs)
        turned = np.ascontiguousarray(matrix.T).view(np.uint8).reshape(-1).data
        for start in range(0, len(turned), PIECE_BYTES):
            yield turned[start : start + PIECE_BYTES]

    return Tensor(f"{tensor.name}.{expert}", tensor.dtype, (outputs, inputs), pieces)


def _expert_bytes(tensor: Tensor, expert: int) -> Piece:
    size_bytes = tensor.size_bytes // tensor.shape[0]
    if tensor.place is not None and tensor.is_verbatim:
        start = tensor.place.start + expert * size_bytes
        return b"".join(read_range(tensor.place.path, start, start + size_bytes))
    for number, part in enumerate(regrouped(tensor.pieces(), size_bytes)):
        if number == expert:
            return bytes(part)
    raise TensorMismatch("length", f"{tensor.name!r} has fewer bytes than its shape")
