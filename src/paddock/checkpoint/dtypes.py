"""What the elements of a tensor are, and how many bytes they take.

Two kinds: plain numbers, by safetensors' names, and blocks of quantised ones, by ggml's, where a
few elements share their scales. Knows sizes, not how a number is encoded (``codecs``).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

# Bits per element, by safetensors' names (safetensors 0.8, tensor.rs, Dtype).
BITS = MappingProxyType(
    {
        "BOOL": 8,
        "F4": 4,
        "F6_E2M3": 6,
        "F6_E3M2": 6,
        "U8": 8,
        "I8": 8,
        "F8_E5M2": 8,
        "F8_E4M3": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8,
        "I16": 16,
        "U16": 16,
        "F16": 16,
        "BF16": 16,
        "I32": 32,
        "U32": 32,
        "F32": 32,
        "C64": 64,
        "F64": 64,
        "I64": 64,
        "U64": 64,
    }
)


class Block(NamedTuple):
    """Elements that are stored together, and the bytes they take."""

    elements: int
    size_bytes: int


# ggml's quantised types that paddock reads and writes (ggml-common.h, the block_* structures).
BLOCKS = MappingProxyType(
    {
        "Q4_0": Block(32, 18),
        "Q8_0": Block(32, 34),
        "Q4_K": Block(256, 144),
        "Q5_K": Block(256, 176),
        "Q6_K": Block(256, 210),
    }
)


def size_in_bytes(dtype: str, elements: int) -> int:
    """Bytes of so many elements; a part of a block counts as none, readers refuse it before."""
    block = BLOCKS.get(dtype)
    if block is None:
        return elements * BITS[dtype] // 8
    return elements // block.elements * block.size_bytes


def elements_in(dtype: str, size_bytes: int) -> int:
    """How many elements so many bytes are; a part of one counts as none."""
    block = BLOCKS.get(dtype)
    if block is None:
        return size_bytes * 8 // BITS[dtype]
    return size_bytes // block.size_bytes * block.elements
