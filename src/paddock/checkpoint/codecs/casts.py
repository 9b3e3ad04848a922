"""Plain numbers between F64, F32, F16 and BF16, in NumPy.

Every cast rounds once, to the nearest value and on a tie to the even one (IEEE 754, section 4.3.1);
subnormals are kept, what is too large becomes infinite. A NaN stays one: its sign and the upper
bits of its payload are kept and it is made quiet, as processors do, whatever NumPy would do here
(BF16 to F32 is a shift and keeps every bit).
The kernels (``kernels``) compute the same bits; this is what they are held against.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Bits = NDArray[Any]

PLAIN: Final = ("F32", "F16", "BF16", "F64")
_SIGN32: Final = np.uint32(0x8000_0000)
_INFINITY32: Final = np.uint32(0x7F80_0000)
_QUIET32: Final = np.uint32(0x0040_0000)


def to_float32(raw: Bytes, dtype: str) -> Floats:
    """The elements as float32: exact, but for F64, which is rounded."""
    if dtype == "F32":
        return raw.view("<f4")
    if dtype == "BF16":
        return (raw.view("<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype == "F16":
        return _from_half(raw.view("<u2"))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return raw.view("<f8").astype(np.float32)


def from_float32(values: Floats, dtype: str) -> Bytes:
    """The bytes of float32 numbers as another plain type."""
    if dtype == "F32":
        return values.view(np.uint8)
    if dtype == "BF16":
        return _to_bfloat16(values).view(np.uint8)
    return _to_half(values).view(np.uint8)


def narrowed(raw: Bytes) -> Floats:
    """F64 as float32 numbers that round on to 16 bits as the F64 itself would.

    Rounding twice is wrong where the first rounding makes a tie. Rounding to odd keeps a trace of
    what was cut off (Boldo and Melquiond, "When double rounding is odd", 2005).
    """
    wide = raw.view("<f8")
    near = to_float32(raw, "F64")
    bits = near.view(np.uint32).copy()
    with np.errstate(invalid="ignore"):
        inexact = (near.astype(np.float64) != wide) & ~np.isnan(wide)
        outwards = np.abs(near.astype(np.float64)) > np.abs(wide)
    bits[inexact & outwards] -= np.uint32(1)
    bits[inexact] |= np.uint32(1)
    return bits.view(np.float32)


def _from_half(half: Bits) -> Floats:
    with np.errstate(invalid="ignore"):
        values = half.view("<f2").astype(np.float32)
    is_nan = (half & np.uint16(0x7FFF)) > np.uint16(0x7C00)
    if is_nan.any():
        payload = half[is_nan].astype(np.uint32)
        bits = (payload & np.uint32(0x8000)) << np.uint32(16) | _INFINITY32 | _QUIET32
        values.view(np.uint32)[is_nan] = bits | (payload & np.uint32(0x3FF)) << np.uint32(13)
    return values


def _to_half(values: Floats) -> NDArray[np.uint16]:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        half = values.astype("<f2").view(np.uint16)
    is_nan = np.isnan(values)
    if is_nan.any():
        bits = values.view(np.uint32)[is_nan]
        payload = (bits >> np.uint32(13)) & np.uint32(0x3FF) | np.uint32(0x7E00)
        half[is_nan] = ((bits & _SIGN32) >> np.uint32(16) | payload).astype(np.uint16)
    return half


def _to_bfloat16(values: Floats) -> NDArray[np.uint16]:
    bits = values.view(np.uint32)
    # Half a unit of the last place kept, less one unless that place is odd. The sum cannot leave 32
    # bits but for a NaN, which is put right below.
    rounded = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    high = (rounded >> np.uint32(16)).astype(np.uint16)
    is_nan = np.isnan(values)
    if is_nan.any():
        high[is_nan] = ((bits[is_nan] | _QUIET32) >> np.uint32(16)).astype(np.uint16)
    return high
