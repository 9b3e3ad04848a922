"""The extremes of a tensor, read from its bits at memory speed.

Floats of one sign are in order as whole numbers, too. So the largest as unsigned numbers is the
largest negative float (or the largest at all, without one), the largest as signed numbers is the
largest positive one, and an exponent of all ones stands above every finite number. Three reductions
over each piece in the cache, and no element is ever decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from paddock.checkpoint.tensors import PIECE_BYTES, Piece, regrouped


class FloatType(NamedTuple):
    """How floats are stored: bytes of each, and the bits of infinity (or of the first NaN)."""

    size_bytes: int
    infinity: int
    has_infinity: bool = True


FLOATS = {
    "F64": FloatType(8, 0x7FF0_0000_0000_0000),
    "F32": FloatType(4, 0x7F80_0000),
    "C64": FloatType(4, 0x7F80_0000),
    "BF16": FloatType(2, 0x7F80),
    "F16": FloatType(2, 0x7C00),
    "F8_E5M2": FloatType(1, 0x7C),
    "F8_E4M3": FloatType(1, 0x7F, has_infinity=False),  # one NaN of each sign
}
# Where the half floats that scale a block stand in it (ggml-common.h, the block_* structures).
BLOCK_SCALES: dict[str, tuple[int, tuple[int, ...]]] = {
    "Q4_0": (18, (0,)), "Q4_1": (20, (0, 2)), "Q5_0": (22, (0,)), "Q5_1": (24, (0, 2)),
    "Q8_0": (34, (0,)), "Q8_1": (36, (0, 2)), "Q2_K": (84, (80, 82)), "Q3_K": (110, (108,)),
    "Q4_K": (144, (0, 2)), "Q5_K": (176, (0, 2)), "Q6_K": (210, (208,)), "IQ2_XXS": (66, (0,)),
    "IQ2_XS": (74, (0,)), "IQ3_XXS": (98, (0,)), "IQ1_S": (50, (0,)), "IQ4_NL": (18, (0,)),
    "IQ3_S": (110, (0,)), "IQ2_S": (82, (0,)), "IQ4_XS": (136, (0,)), "TQ1_0": (54, (52,)),
    "TQ2_0": (66, (64,)),
}  # fmt: skip


class Extremes(NamedTuple):
    """What a tensor's bits tell."""

    largest: float  # magnitude; infinite where a value is not finite
    is_finite: bool
    has_only_minus_infinity: bool  # not finite, and every such value is -inf
    is_constant: bool


def float_extremes(dtype: str, pieces: Iterable[Piece], tick: Callable[[], None]) -> Extremes:
    """The extremes of a tensor of floats; ``tick`` is asked for every piece."""
    kind = FLOATS[dtype]
    unsigned, signed = np.dtype(f"<u{kind.size_bytes}"), np.dtype(f"<i{kind.size_bytes}")
    low, high, positive = (1 << 64), -1, -(1 << 64)
    for block in regrouped(pieces, PIECE_BYTES):
        tick()
        bits = np.frombuffer(block, unsigned, len(block) // kind.size_bytes)
        if bits.size:
            low, high = min(low, int(bits.min())), max(high, int(bits.max()))
            positive = max(positive, int(bits.view(signed).max()))
    return _extremes(kind, low, high, positive)


def block_extremes(dtype: str, pieces: Iterable[Piece], tick: Callable[[], None]) -> Extremes:
    """The extremes of the scales of quantised blocks, all types of which have half floats."""
    size, places = BLOCK_SCALES[dtype]
    low, high, positive = (1 << 64), -1, -(1 << 64)
    for block in regrouped(pieces, PIECE_BYTES // size * size):
        tick()
        rows = np.frombuffer(block, np.uint8, len(block) // size * size).reshape(-1, size)
        for at in places:
            bits = rows[:, at : at + 2].copy().view("<u2")
            if bits.size:
                low, high = min(low, int(bits.min())), max(high, int(bits.max()))
                positive = max(positive, int(bits.view("<i2").max()))
    return _extremes(FLOATS["F16"], low, high, positive)._replace(is_constant=False)


def _extremes(kind: FloatType, low: int, high: int, positive: int) -> Extremes:
    sign = 1 << (8 * kind.size_bytes - 1)
    negative = high - sign if high >= sign else -1
    largest = max(negative, positive)
    minus = largest == kind.infinity == negative and positive < kind.infinity and kind.has_infinity
    return Extremes(
        largest=_as_float(kind, largest),
        is_finite=largest < kind.infinity,
        has_only_minus_infinity=minus,
        is_constant=low == high,
    )


def _as_float(kind: FloatType, bits: int) -> float:
    if bits < 0:
        return 0.0  # nothing was there
    if bits >= kind.infinity:
        return float("inf")
    if kind.size_bytes == 1:
        return 0.0  # eight bits hold nothing absurd
    if kind is FLOATS["BF16"]:
        return float(np.array([bits << 16], "<u4").view("<f4")[0])
    stored = np.array([bits], f"<u{kind.size_bytes}")
    return float(stored.view(f"<f{kind.size_bytes}")[0])
