"""Llama 3.1's RoPE scaling as GGUF keeps it: one factor per wavelength, in a tensor of its own.

The factors are computed as llama.cpp's converter does, in float32 (conversion/llama.py,
generate_extra_tensors; the formula is Llama 3.1's). They do not say what they were computed from,
so reading means searching: a scaling counts as recognised when it gives the same factors again.
Published ones come first; for others the parameters follow from the factors, but for a common
multiple of the context and both frequency factors, which changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.errors import BadConfig, UnsupportedModel
from paddock.checkpoint.shape.config import MAX_CONTEXT, RopeScaling

MAX_FACTORS = 1 << 12
# What every published Llama stretches from; the others are its neighbours.
_ORIGINAL_CONTEXTS = (8192, 4096, 2048, 16384, 32768, 65536, 131072, 1024, 512, 256, 128, 64)
_LOW, _HIGH = 1.0, 4.0
_TOLERANCE = 1e-5  # factors are float32, computed in more than one order of operations


def rope_factors(scaling: RopeScaling, head_dim: int, theta: float) -> NDArray[np.float32]:
    """What each pair's frequency is divided by, ``head_dim / 2`` numbers."""
    low, high = scaling.low_freq_factor, scaling.high_freq_factor
    share = _kept(_wavelengths(head_dim, theta), scaling.original_context, low, high)
    blended = 1 / ((1 - share) / np.float32(scaling.factor) + share)
    factors = np.where(share <= 0, np.float32(scaling.factor), blended)
    return np.where(share >= 1, np.float32(1), factors).astype(np.float32)


def recognised_scaling(
    factors: NDArray[np.float32], head_dim: int, theta: float
) -> RopeScaling | None:
    """The scaling that these factors come from, None where they change nothing."""
    if factors.shape != (head_dim // 2,):
        raise BadConfig(
            "rope_freqs", f"there are {factors.size} RoPE factors for heads of {head_dim}"
        )
    if not np.isfinite(factors).all() or (factors < 1.0 - _TOLERANCE).any():
        raise BadConfig("rope_freqs", "the RoPE factors are not all numbers from 1 on")
    if (factors == 1.0).all():
        return None
    wavelengths = _wavelengths(head_dim, theta)
    published = (_candidate(factors, original, wavelengths) for original in _ORIGINAL_CONTEXTS)
    for scaling in (*published, *_solutions(factors, wavelengths)):
        if scaling and _gives(scaling, factors, head_dim, theta):
            return scaling
    raise UnsupportedModel(
        "rope_freqs", "the RoPE factors in rope_freqs.weight are those of no Llama"
    )


def _candidate(
    factors: NDArray[np.float32], original: int, wavelengths: NDArray[np.float32]
) -> RopeScaling | None:
    """The scaling that gives at least the longest wave its factor: solved for the factor."""
    share = min(max(float(_kept(wavelengths[-1:], original, _LOW, _HIGH)[0]), 0.0), 1.0)
    inverse = 1.0 / float(factors[-1])
    if not inverse - share > 0.0:
        return None
    factor = float(f"{(1.0 - share) / (inverse - share):.5g}")  # people choose round ones
    if not 1.0 <= factor <= 1e6:
        return None
    return RopeScaling(factor, _LOW, _HIGH, original)


def _solutions(
    factors: NDArray[np.float32], wavelengths: NDArray[np.float32]
) -> Iterator[RopeScaling]:
    """Where the longest wave is stretched wholly: a wave's share is a line over its frequency."""
    factor = float(f"{factors.max():.5g}")
    if not 1.0 < factor <= 1e6:
        return
    shares = (1.0 / factors.astype(np.float64) - 1.0 / factor) / (1.0 - 1.0 / factor)
    between = (shares > _TOLERANCE) & (shares < 1.0 - _TOLERANCE)
    if not between.any():
        return
    frequencies, parts = 1.0 / wavelengths[between].astype(np.float64), shares[between]
    if parts.size > 1:
        lines = [tuple(map(float, np.polyfit(frequencies, parts, 1)))]
    else:  # through one point, with Llama's ratio of frequency factors or another
        lines = [(float((parts[0] - at) / frequencies[0]), at) for at in (-1 / 3, -1.0, -3.0, -0.1)]
    for rise, start in lines:
        if rise > 0.0 and start < 0.0:
            yield from _scalings(factor, rise, start)


def _scalings(factor: float, rise: float, start: float) -> Iterator[RopeScaling]:
    """The same line with several original contexts, first the one whose low factor is 1."""
    for original in (max(1, round(-rise / start)), *_ORIGINAL_CONTEXTS):
        low, high = (float(f"{part * original / rise:.7g}") for part in (-start, 1.0 - start))
        if original <= MAX_CONTEXT and 1e-6 <= low < high <= 1e6:
            yield RopeScaling(factor, low, high, original)


def _gives(scaling: RopeScaling, factors: NDArray[np.float32], head_dim: int, theta: float) -> bool:
    computed = rope_factors(scaling, head_dim, theta)
    return bool(np.allclose(computed, factors, rtol=_TOLERANCE, atol=0.0))


def _kept(
    wavelengths: NDArray[np.float32], original: int, low: float, high: float
) -> NDArray[np.float32]:
    """The share of its own frequency that each wave keeps: 1 and more all, 0 and less nothing."""
    share = (np.float32(original) / wavelengths - np.float32(low)) / np.float32(high - low)
    return share.astype(np.float32)


def _wavelengths(head_dim: int, theta: float) -> NDArray[np.float32]:
    exponents = np.arange(0, head_dim, 2, dtype=np.float32) / np.float32(head_dim)
    frequencies = 1 / np.float32(theta) ** exponents
    return (np.float32(2 * math.pi) / frequencies).astype(np.float32)
