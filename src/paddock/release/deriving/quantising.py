"""Weights rounded to the values that a block type can hold, and kept in their own type.

What is lost is lost: the released weights carry no more than the block type does. Vectors, and rows
that are no whole number of blocks, stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.tensors import Piece, Tensor, regrouped
from paddock.errors import shown
from paddock.release.deriving.numbers import BLOCK_BYTES
from paddock.release.deriving.rewriting import Rewritten
from paddock.release.errors import DerivingRefused

ROUNDED_TO = ("Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0")


def quantise(tensors: Sequence[Tensor], quant: str) -> Rewritten:
    """Every matrix rounded to ``quant``; raises DerivingRefused for a type that is none."""
    block = quant.upper()
    if block not in ROUNDED_TO:
        known = ", ".join(name.lower() for name in ROUNDED_TO)
        raise DerivingRefused(f"quantise to {shown(quant)}: it is none of {known}")
    return Rewritten([_rounded(tensor, block) for tensor in tensors])


def _rounded(tensor: Tensor, block: str) -> Tensor:
    if len(tensor.shape) != 2 or tensor.shape[1] % BLOCKS[block].elements:
        return tensor
    row_bytes = tensor.size_bytes // tensor.shape[0]
    at_once = max(1, BLOCK_BYTES // row_bytes) * row_bytes

    def pieces() -> Iterator[Piece]:
        for raw in regrouped(tensor.pieces(), at_once):
            yield transcode(transcode(raw, tensor.dtype, block), block, tensor.dtype)

    return replace(tensor, pieces=pieces, place=None)
