"""Numbers in ggml's block types that paddock itself does not write.

For likeness, not for arithmetic: of the types whose values stand in large tables (IQ2, IQ3) only
the signs are taken, which are written out in the block and correlate with the weights by 0.8.
IQ1 holds nothing but indices into such a table and is not read. Layouts: ggml-common.h.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.gguf.ggml_types import GGML_TYPES

Floats = NDArray[np.float32]
Blocks = NDArray[np.uint8]  # one block in a row

_BLOCK_BYTES: Final = {ggml.name: ggml.size_bytes for ggml in GGML_TYPES.values()}
# ggml-common.h: kvalues_iq4nl and kvalues_mxfp4.
_IQ4: Final = np.array(
    [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32
)
_E2M1: Final = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], np.float32)
_POWERS_OF_3: Final = np.array([1, 3, 9, 27, 81], np.uint8)
# Eight signs in seven bits: the eighth makes their number even.
_SEVEN_SIGNS: Final = np.array(
    [[-1.0 if code >> bit & 1 else 1.0 for bit in range(7)]
     + [-1.0 if code.bit_count() & 1 else 1.0] for code in range(128)], np.float32
)  # fmt: skip


def is_known(dtype: str) -> bool:
    """Whether blocks of this type are read here."""
    return dtype in _DECODERS


def decode_blocks(raw: bytes | bytearray | memoryview, dtype: str) -> Floats:
    """The elements of whole blocks, or their signs."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES[dtype])
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(_DECODERS[dtype](blocks), np.float32).reshape(-1)


def _half(blocks: Blocks, at: int) -> Floats:
    return np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)


def _nibbles(packed: Blocks) -> Blocks:
    """Low halves of all bytes, then the high ones."""
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


def _bits(packed: Blocks) -> Blocks:
    return np.unpackbits(np.ascontiguousarray(packed), axis=-1, bitorder="little")


def _q4_1(b: Blocks) -> Floats:
    return _half(b, 0) * _nibbles(b[:, 4:]) + _half(b, 2)


def _q5_0(b: Blocks) -> Floats:
    high = _bits(b[:, 2:6]) << 4
    return _half(b, 0) * ((_nibbles(b[:, 6:]) | high).astype(np.float32) - 16)


def _q5_1(b: Blocks) -> Floats:
    return _half(b, 0) * (_nibbles(b[:, 8:]) | _bits(b[:, 4:8]) << 4) + _half(b, 2)


def _q8_1(b: Blocks) -> Floats:
    return _half(b, 0) * b[:, 4:].view(np.int8)


def _q8_k(b: Blocks) -> Floats:
    scale = np.ascontiguousarray(b[:, :4]).view("<f4")
    return np.asarray(scale * np.ascontiguousarray(b[:, 4:260]).view(np.int8), np.float32)


def _pairs_of_bits(packed: Blocks) -> Blocks:
    """Two halves of 32 bytes; of each first the lowest pair of every byte."""
    halves = packed.reshape(len(packed), 2, 1, 32)
    moved = halves >> np.arange(0, 8, 2, dtype=np.uint8)[:, None]
    return np.asarray(moved & np.uint8(3), np.uint8)


def _q2_k(b: Blocks) -> Floats:
    scales, low = b[:, :16], _pairs_of_bits(b[:, 16:80]).reshape(len(b), 16, 16)
    d, least = _half(b, 80)[:, :, None], _half(b, 82)[:, :, None]
    return np.asarray(d * (scales & 15)[:, :, None] * low - least * (scales >> 4)[:, :, None])


def _q3_k(b: Blocks) -> Floats:
    low = _pairs_of_bits(b[:, 32:96])
    high = b[:, None, None, :32] >> np.arange(8, dtype=np.uint8).reshape(1, 2, 4, 1) & 1
    q = (low | high << 2).reshape(len(b), 16, 16).astype(np.float32) - 4
    packed = b[:, 96:108]
    fours = np.concatenate([packed[:, :8] & 15, packed[:, :8] >> 4], axis=1)
    twos = np.concatenate([packed[:, 8:] >> shift & 3 for shift in (0, 2, 4, 6)], axis=1)
    scales = (fours | twos << 4).astype(np.float32) - 32
    return np.asarray(_half(b, 108)[:, :, None] * scales[:, :, None] * q)


def _iq4_nl(b: Blocks) -> Floats:
    return np.asarray(_half(b, 0) * _IQ4[_nibbles(b[:, 2:])])


def _iq4_xs(b: Blocks) -> Floats:
    high = b[:, 2].astype(np.uint16) | b[:, 3].astype(np.uint16) << 8
    upper = high[:, None] >> np.arange(0, 16, 2, dtype=np.uint16) & 3
    lower = np.stack([b[:, 4:8] & 15, b[:, 4:8] >> 4], axis=-1).reshape(len(b), 8)
    scales = (lower | upper << 4).astype(np.float32) - 32
    values = _IQ4[_nibbles(b[:, 8:].reshape(len(b), 8, 16))]
    return np.asarray(_half(b, 0)[:, :, None] * scales[:, :, None] * values)


def _threes(packed: Blocks, digits: int) -> Floats:
    """Digits of base 3 in a byte, highest first; first that of all bytes, then the next."""
    moved = packed[:, None, :] * _POWERS_OF_3[:digits, None]
    return np.asarray((moved.astype(np.uint16) * 3 >> 8).reshape(len(packed), -1), np.float32) - 1


def _tq1_0(b: Blocks) -> Floats:
    parts = [_threes(b[:, :32], 5), _threes(b[:, 32:48], 5), _threes(b[:, 48:52], 4)]
    return _half(b, 52) * np.concatenate(parts, axis=1)


def _tq2_0(b: Blocks) -> Floats:
    return _half(b, 64) * (_pairs_of_bits(b[:, :64]).reshape(len(b), 256).astype(np.float32) - 1)


def _mxfp4(b: Blocks) -> Floats:
    scale = np.exp2(b[:, :1].astype(np.float32) - 128)
    return np.asarray(scale * _E2M1[_nibbles(b[:, 1:])], np.float32)


def _sevens(words: NDArray[Any]) -> Floats:
    """Four groups of seven bits in a word of 32."""
    codes = words[..., None] >> np.arange(0, 28, 7, dtype=np.uint32) & 127
    return np.asarray(_SEVEN_SIGNS[codes])


def _words(part: Blocks, dtype: str) -> NDArray[Any]:
    return np.ascontiguousarray(part).view(dtype)


def _iq2_xxs(b: Blocks) -> Floats:
    return _sevens(_words(b[:, 2:], "<u4")[:, 1::2])


def _iq2_xs(b: Blocks) -> Floats:
    return np.asarray(_SEVEN_SIGNS[_words(b[:, 2:66], "<u2") >> 9])


def _iq3_xxs(b: Blocks) -> Floats:
    return _sevens(_words(b[:, 66:], "<u4"))


def _plain_signs(packed: Blocks) -> Floats:
    return 1 - 2 * _bits(packed).astype(np.float32)


def _iq2_s(b: Blocks) -> Floats:
    return _plain_signs(b[:, 34:66])


def _iq3_s(b: Blocks) -> Floats:
    return _plain_signs(b[:, 74:106])


_DECODERS: Final[Mapping[str, Callable[[Blocks], Floats]]] = MappingProxyType(
    {
        "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "Q8_1": _q8_1, "Q8_K": _q8_k,
        "Q2_K": _q2_k, "Q3_K": _q3_k, "IQ4_NL": _iq4_nl, "IQ4_XS": _iq4_xs,
        "TQ1_0": _tq1_0, "TQ2_0": _tq2_0, "MXFP4": _mxfp4,
        "IQ2_XXS": _iq2_xxs, "IQ2_XS": _iq2_xs, "IQ2_S": _iq2_s,
        "IQ3_XXS": _iq3_xxs, "IQ3_S": _iq3_s,
    }
)  # fmt: skip
