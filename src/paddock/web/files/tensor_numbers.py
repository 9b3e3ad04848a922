"""Elements of a tensor as numbers to do arithmetic with: NaN and infinities stay what they are.

Pure. Plain numbers and ggml's blocks are decoded by ``checkpoint.codecs``; integers and the floats
of eight bits here. Other types have no numbers here, and ``is_readable`` says so.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import PLAIN
from paddock.checkpoint.codecs.transcoding import decode
from paddock.checkpoint.dtypes import BITS, BLOCKS, Block

Numbers = NDArray[Any]

_INTEGERS: Final = {
    "BOOL": "u1", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8",
}  # fmt: skip


def _small_floats(exponent_bits: int, mantissa_bits: int, bias: int) -> NDArray[np.float32]:
    """The numbers that all codes of eight bits stand for, their specials left out."""
    codes = np.arange(256)
    mantissa = codes & (1 << mantissa_bits) - 1
    exponent = codes >> mantissa_bits & (1 << exponent_bits) - 1
    steps = np.where(exponent > 0, mantissa + (1 << mantissa_bits), mantissa)
    sizes = steps * np.exp2(np.maximum(exponent, 1) - bias - mantissa_bits)
    return np.asarray(np.where(codes >> 7, -sizes, sizes), np.float32)


def _e4m3() -> NDArray[np.float32]:
    numbers = _small_floats(4, 3, 7)  # no infinity, one NaN of each sign (OCP OFP8)
    numbers[[0x7F, 0xFF]] = np.nan
    return numbers


def _e5m2() -> NDArray[np.float32]:
    numbers = _small_floats(5, 2, 15)  # as IEEE 754
    numbers[[0x7C, 0xFC]] = np.inf, -np.inf
    numbers[[0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF]] = np.nan
    return numbers


_EIGHT_BITS: Final = {"F8_E4M3": _e4m3(), "F8_E5M2": _e5m2()}


def is_readable(dtype: str) -> bool:
    """Whether elements of this type can be turned into numbers here."""
    return dtype in PLAIN or dtype in BLOCKS or dtype in _INTEGERS or dtype in _EIGHT_BITS


def block_of(dtype: str) -> Block:
    """The fewest elements of a readable type that can be read together, and their bytes."""
    return BLOCKS.get(dtype) or Block(1, BITS[dtype] // 8)


def to_numbers(raw: bytes, dtype: str) -> Numbers:
    """The elements of whole blocks."""
    if dtype == "F64":
        return np.frombuffer(raw, "<f8")
    if dtype in _INTEGERS:
        return np.frombuffer(raw, _INTEGERS[dtype])
    if dtype in _EIGHT_BITS:
        return _EIGHT_BITS[dtype][np.frombuffer(raw, np.uint8)]
    return decode(raw, dtype)
