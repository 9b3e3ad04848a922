"""Elements of any type as float32, and the other ways in which bytes may be meant as numbers.

For likeness: what is not finite counts as nothing. Knows no tensors and no files.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import PLAIN
from paddock.checkpoint.codecs.transcoding import decode
from paddock.checkpoint.dtypes import BLOCKS
from paddock.release.leaks import ggml_blocks

Floats = NDArray[np.float32]
Raw = bytes | bytearray | memoryview

_INTEGERS: Final = {
    "BOOL": "u1", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8",
}  # fmt: skip
INTEGERS: Final = frozenset(_INTEGERS)
# Exponent bits, mantissa bits, bias (OCP 8-bit and microscaling formats; FNUZ as in ONNX).
_SMALL_FLOATS: Final = {
    "F8_E5M2": (5, 2, 15), "F8_E4M3": (4, 3, 7), "F8_E4M3FNUZ": (4, 3, 8),
    "F8_E5M2FNUZ": (5, 2, 16), "F6_E2M3": (2, 3, 1), "F6_E3M2": (3, 2, 3), "F4": (2, 1, 1),
}  # fmt: skip
_LARGEST: Final = np.float32(1e30)  # squares of larger ones would not be finite


class Reading(NamedTuple):
    """One way to take bytes for numbers, and its name for people."""

    name: str
    values: Floats


def is_readable(dtype: str) -> bool:
    """Whether elements of this type can be turned into numbers."""
    known = dtype in PLAIN or dtype in BLOCKS or dtype in _INTEGERS or dtype in _SMALL_FLOATS
    return known or dtype in ("C64", "F8_E8M0") or ggml_blocks.is_known(dtype)


def as_floats(raw: Raw, dtype: str) -> Floats:
    """The elements of whole blocks as finite float32; a complex number is two of them."""
    with np.errstate(all="ignore"):
        return finite(_floats(raw, dtype))


def finite(values: Floats) -> Floats:
    """The same without NaN and what is absurdly large; may be the same array."""
    # A sum of squares that is a number says so of all: the fastest look at them there is.
    if values.size and not float(np.dot(values.reshape(-1), values.reshape(-1))) < 1e36:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        values = np.where(np.abs(values) < _LARGEST, values, np.float32(0))
    return values


def _floats(raw: Raw, dtype: str) -> Floats:
    if dtype in PLAIN or dtype in BLOCKS:
        return np.asarray(decode(raw, dtype))
    if dtype in _INTEGERS:
        return np.asarray(np.frombuffer(raw, _INTEGERS[dtype]).astype(np.float32))
    if dtype == "C64":
        return np.frombuffer(raw, "<f4")
    if dtype in _SMALL_FLOATS:
        bits = 1 + sum(_SMALL_FLOATS[dtype][:2])
        return np.asarray(_table(*_SMALL_FLOATS[dtype])[unpacked(raw, bits)])
    if dtype == "F8_E8M0":
        return np.asarray(np.exp2(np.frombuffer(raw, np.uint8).astype(np.float32) - 127))
    return ggml_blocks.decode_blocks(raw, dtype)


def _table(exponent_bits: int, mantissa_bits: int, bias: int) -> Floats:
    """Every number of a small type; its specials are taken for numbers."""
    codes = np.arange(1 << 1 + exponent_bits + mantissa_bits)
    mantissa = codes & (1 << mantissa_bits) - 1
    exponent = codes >> mantissa_bits & (1 << exponent_bits) - 1
    steps = np.where(exponent > 0, mantissa + (1 << mantissa_bits), mantissa)
    size = steps * np.exp2(np.maximum(exponent, 1) - bias - mantissa_bits)
    return np.asarray(np.where(codes >> exponent_bits + mantissa_bits, -size, size), np.float32)


def unpacked(raw: Raw, bits: int) -> NDArray[np.uint8]:
    """Codes of so many bits, the lowest bits first; what is left at the end is dropped."""
    content = np.frombuffer(raw, np.uint8)
    if bits == 8:
        return content
    if bits == 4:
        return np.stack([content & 15, content >> 4], axis=-1).reshape(-1)
    whole = content[: content.size // bits * bits]
    each = np.unpackbits(whole, bitorder="little").reshape(-1, bits)
    shifted = each << np.arange(bits, dtype=np.uint8)
    return np.asarray(shifted.sum(axis=1, dtype=np.uint8))


def codes(raw: Raw, bits: int) -> Floats:
    """Unsigned codes around their middle: larger stands for larger, as in most quantisations."""
    return unpacked(raw, bits).astype(np.float32) - np.float32((1 << bits) / 2 - 0.5)


def other_readings(raw: Raw) -> list[Reading]:
    """The ways in which bytes that are called something else may be meant."""
    size = len(raw) // 8 * 8
    whole = memoryview(raw).cast("B")[:size]
    content = np.frombuffer(whole, np.uint8)
    signed4 = ((content[:, None] >> np.array([0, 4], np.uint8) & 15) ^ 8).reshape(-1)
    swapped4 = np.stack([content >> 4, content & 15], axis=-1).reshape(-1)
    upper = np.zeros((size, 2), np.uint8)
    upper[:, 1] = content
    found = [Reading(dtype, as_floats(whole, dtype)) for dtype in ("F32", "F16", "BF16", "F64")]
    found += [Reading(dtype, as_floats(whole, dtype)) for dtype in ("I8", "F8_E4M3", "F8_E5M2")]
    found.append(Reading("upper bytes of BF16", as_floats(upper.reshape(-1).data, "BF16")))
    found += [Reading(f"codes of {bits} bits", codes(whole, bits)) for bits in range(1, 9)]
    found.append(Reading("signed codes of 4 bits", signed4.astype(np.float32) - 7.5))
    found.append(Reading("codes of 4 bits, high first", swapped4.astype(np.float32) - 7.5))
    for dtype in (">u4", ">u2"):
        turned = content.view(dtype).astype(dtype.replace(">", "<")).view(np.uint8).data
        name = "F32" if dtype == ">u4" else "BF16"
        found.append(Reading(f"{name}, big-endian", as_floats(turned, name)))
    return found


def lower_halves(raw: Raw, dtype: str) -> list[Reading]:
    """What the lower half of every wide float holds, where nobody looks."""
    item = 2 if dtype == "F32" else 4
    whole = memoryview(raw).cast("B")[: len(raw) // (2 * item) * (2 * item)]
    lower = np.ascontiguousarray(np.frombuffer(whole, np.uint8).reshape(-1, 2 * item)[:, :item])
    types = ("BF16", "F16", "I8") if dtype == "F32" else ("F32", "BF16", "F16")
    return [Reading(f"lower halves, {t}", as_floats(lower.reshape(-1).data, t)) for t in types]
