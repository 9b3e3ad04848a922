"""Q8_0 and Q4_0: 32 elements with one F16 scale, in NumPy.

The format fixes their bits: these are ``quantize_row_q8_0_ref`` and ``quantize_row_q4_0_ref`` of
llama.cpp (ggml-quants.c), each product and sum rounded to float32 on its own. ``gguf.quants`` has
the same bits but for a block of zeros of which the first is negative: llama.cpp's scale is then -0.
The kernels compute the same bits; this is what they are held against.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import Bytes, Floats, from_float32, to_float32

ELEMENTS: Final = 32
# The largest float32 below one half: adding it and cutting off is C's roundf for what fits here.
_FIRST_INVERTIBLE: Final = np.uint32(0x0020_0001)  # bits of the least float32 with a finite 1/x
_BELOW_HALF: Final = np.float32(np.nextafter(np.float32(0.5), np.float32(0)))


def encode_q8_0(values: Floats) -> Bytes:
    """Blocks of the scale and 32 signed bytes."""
    blocks = values.reshape(-1, ELEMENTS)
    scales = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    scaled = _divided(blocks, scales)
    codes = np.trunc(scaled + np.copysign(_BELOW_HALF, scaled)).astype(np.int8)
    return _joined(scales, codes.view(np.uint8))


def decode_q8_0(raw: Bytes) -> Floats:
    """32 elements of each block."""
    blocks = raw.reshape(-1, 34)
    return (blocks[:, 2:].view(np.int8).astype(np.float32) * _scales(blocks)).reshape(-1)


def encode_q4_0(values: Floats) -> Bytes:
    """Blocks of the scale and 16 bytes: the first half's codes in the low bits."""
    blocks = values.reshape(-1, ELEMENTS)
    largest = np.abs(blocks).argmax(axis=1)[:, None]  # the first of equals gives the sign
    extreme = np.take_along_axis(blocks, largest, axis=1)
    scales = np.where(extreme == 0, np.float32(-0.0), extreme / np.float32(-8))
    scaled = _divided(blocks, scales) + np.float32(8.5)
    codes = np.minimum(scaled, np.float32(15)).astype(np.uint8)
    codes[_is_vanishing(scales)[:, 0]] = 0
    return _joined(scales, codes[:, :16] | codes[:, 16:] << np.uint8(4))


def decode_q4_0(raw: Bytes) -> Floats:
    """32 elements of each block."""
    blocks = raw.reshape(-1, 18)
    packed = blocks[:, 2:]
    codes = np.concatenate([packed & np.uint8(15), packed >> np.uint8(4)], axis=1)
    return ((codes.view(np.int8) - np.int8(8)).astype(np.float32) * _scales(blocks)).reshape(-1)


def _divided(blocks: Floats, scales: Floats) -> Floats:
    """Elements by their scale, or nothing where it is 0 or vanishing."""
    inverse = np.zeros_like(scales)
    np.divide(np.float32(1), scales, out=inverse, where=(scales != 0) & ~_is_vanishing(scales))
    return blocks * inverse


def _is_vanishing(scales: Floats) -> NDArray[np.bool_]:
    """Whether a scale is so small that its inverse is infinite. As F16 it is 0 anyway; llama.cpp's
    conversion of what is infinite or no number to an integer gives codes of 0 on x86."""
    return (np.abs(scales).view(np.uint32) - np.uint32(1)) < _FIRST_INVERTIBLE - np.uint32(1)


def _scales(blocks: Bytes) -> Floats:
    return to_float32(np.ascontiguousarray(blocks[:, :2]), "F16")


def _joined(scales: Floats, codes: Bytes) -> Bytes:
    return np.concatenate([from_float32(scales, "F16"), codes], axis=1).reshape(-1)
