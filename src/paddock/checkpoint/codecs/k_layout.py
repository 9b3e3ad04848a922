"""Q4_K, Q5_K and Q6_K as bytes: where codes and scales of a super-block of 256 elements lie.

The layouts are ``block_q4_K``, ``block_q5_K`` and ``block_q6_K`` of llama.cpp (ggml-common.h);
decoding multiplies in the order of ``gguf.quants``. Knows nothing of how scales are chosen
(``minima_search``, ``signed_search``). The kernels compute the same bits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import Bytes, Floats, to_float32

_FOUR: Final = np.uint8(4)
_LOW: Final = np.uint8(15)


def decode_q4_k(raw: Bytes) -> Floats:
    """256 elements of each block of 144 bytes."""
    blocks = raw.reshape(-1, 144)
    return _with_minima(blocks, _nibbles(blocks[:, 16:]))


def decode_q5_k(raw: Bytes) -> Floats:
    """256 elements of each block of 176 bytes."""
    blocks = raw.reshape(-1, 176)
    fifth = blocks[:, None, 16:48] >> np.arange(8, dtype=np.uint8)[None, :, None]
    return _with_minima(blocks, _nibbles(blocks[:, 48:]) | (fifth & np.uint8(1)) << _FOUR)


def decode_q6_k(raw: Bytes) -> Floats:
    """256 elements of each block of 210 bytes."""
    blocks = raw.reshape(-1, 210)
    low = blocks[:, :128].reshape(-1, 2, 1, 64) >> _pair(0, 4)
    pairs = blocks[:, 128:192].reshape(-1, 2, 1, 32)
    high = pairs >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
    codes = (low & _LOW).reshape(-1, 16, 16) | ((high & np.uint8(3)) << _FOUR).reshape(-1, 16, 16)
    steps = blocks[:, 192:208].view(np.int8).astype(np.float32) * _half(blocks, 208)
    signed = codes.view(np.int8) - np.int8(32)
    return (signed.astype(np.float32) * steps[:, :, None]).reshape(-1)


def join_q4_k(halves: Bytes, scales: Bytes, minima: Bytes, codes: Bytes) -> Bytes:
    """Blocks of d and dmin (four bytes), eight scales and minima of six bits, 256 codes of four."""
    parts = [halves, _six_bit_scales(scales, minima), _packed_nibbles(codes)]
    return np.concatenate(parts, axis=1).reshape(-1)


def join_q5_k(halves: Bytes, scales: Bytes, minima: Bytes, codes: Bytes) -> Bytes:
    """As for Q4_K, the fifth bits of the codes in 32 bytes of their own."""
    rows = codes.reshape(-1, 8, 32) >> _FOUR << np.arange(8, dtype=np.uint8)[None, :, None]
    fifth = np.bitwise_or.reduce(rows, axis=1)
    parts = [halves, _six_bit_scales(scales, minima), fifth, _packed_nibbles(codes & _LOW)]
    return np.concatenate(parts, axis=1).reshape(-1)


def join_q6_k(halves: Bytes, scales: Bytes, codes: Bytes) -> Bytes:
    """Blocks of 256 codes of six bits, sixteen signed scales, and d (two bytes)."""
    low = (codes & _LOW).reshape(-1, 2, 2, 64)
    nibbles = (low[:, :, 0] | low[:, :, 1] << _FOUR).reshape(-1, 128)
    shifts = np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1)
    pairs = np.bitwise_or.reduce((codes >> _FOUR).reshape(-1, 2, 4, 32) << shifts, axis=2)
    return np.concatenate([nibbles, pairs.reshape(-1, 64), scales, halves], axis=1).reshape(-1)


def _with_minima(blocks: Bytes, codes: Bytes) -> Floats:
    """d times the scale times the code, less dmin times the minimum."""
    scales, minima = _scales_and_minima(blocks[:, 4:16])
    steps = _half(blocks, 0) * scales.astype(np.float32)
    offsets = _half(blocks, 2) * minima.astype(np.float32)
    values = codes.astype(np.float32) * steps[:, :, None] - offsets[:, :, None]
    return values.reshape(-1)


def _scales_and_minima(packed: Bytes) -> tuple[Bytes, Bytes]:
    """Eight numbers of six bits each; the later four lie in the spare bits of the earlier."""
    first, second, rest = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    six, two = np.uint8(63), np.uint8(6)
    scales = [first & six, rest & _LOW | first >> two << _FOUR]
    minima = [second & six, rest >> _FOUR | second >> two << _FOUR]
    return np.concatenate(scales, axis=1), np.concatenate(minima, axis=1)


def _six_bit_scales(scales: Bytes, minima: Bytes) -> Bytes:
    two = np.uint8(6)
    first = scales[:, :4] | scales[:, 4:] >> _FOUR << two
    second = minima[:, :4] | minima[:, 4:] >> _FOUR << two
    rest = scales[:, 4:] & _LOW | (minima[:, 4:] & _LOW) << _FOUR
    return np.concatenate([first, second, rest], axis=1)


def _nibbles(packed: Bytes) -> Bytes:
    """The low four bits of 256 codes; of every 64 the second half lies above the first."""
    return (packed.reshape(-1, 4, 1, 32) >> _pair(0, 4) & _LOW).reshape(-1, 8, 32)


def _packed_nibbles(codes: Bytes) -> Bytes:
    rows = codes.reshape(-1, 4, 2, 32)
    return (rows[:, :, 0] | rows[:, :, 1] << _FOUR).reshape(-1, 128)


def _pair(one: int, other: int) -> NDArray[np.uint8]:
    return np.array([one, other], np.uint8).reshape(1, 1, 2, 1)


def _half(blocks: Bytes, at: int) -> Floats:
    return to_float32(np.ascontiguousarray(blocks[:, at : at + 2]), "F16")
