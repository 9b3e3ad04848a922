"""Rotary position embedding: cosine and sine of every position's angles, filled in when needed.

The formulas are those of ``llama.rope``: float32 angles, Llama 3.1's stretching included. Positions
are filled in whole stretches, so an entry does not depend on who asked first.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.engine.native.weights import Floats

STRETCH: Final = 1024  # positions


def inverse_frequencies(config: LlamaConfig) -> Floats:
    """Radians per position of each of the ``H/2`` pairs of a head, scaled as the config says."""
    exponents = np.arange(0, config.head_dim, 2, dtype=np.float32)
    theta = np.float32(config.rope_theta)
    frequencies: Floats = np.float32(1.0) / theta ** (exponents / np.float32(config.head_dim))
    if config.rope_scaling is None:
        return frequencies
    return _stretched(frequencies, config.rope_scaling)


def _stretched(frequencies: Floats, scaling: RopeScaling) -> Floats:
    """Llama 3.1: long waves are slowed by the factor, short ones kept, blended in between."""
    one, low = np.float32(1.0), np.float32(scaling.low_freq_factor)
    width = np.float32(scaling.high_freq_factor - scaling.low_freq_factor)
    wavelengths = np.float32(2 * math.pi) / frequencies
    blend = (np.float32(scaling.original_context) / wavelengths - low) / width
    blend = np.clip(blend, np.float32(0.0), one)
    slowed = frequencies / np.float32(scaling.factor)
    stretched: Floats = (one - blend) * slowed + blend * frequencies
    return stretched


class Angles:
    """A table ``[positions, H/2]``; memory that is not filled in yet is not taken."""

    def __init__(self, config: LlamaConfig, positions: int) -> None:
        self._frequencies = inverse_frequencies(config)
        shape = (positions, config.head_dim // 2)
        self.cos_PH, self.sin_PH = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._filled = 0

    def fill(self, positions: int) -> None:
        """Have at least the first ``positions``, or all where there are fewer."""
        while self._filled < min(positions, len(self.cos_PH)):
            end = min(self._filled + STRETCH, len(self.cos_PH))
            numbers = np.arange(self._filled, end, dtype=np.float32)
            # Rounded once from float64: NumPy's float32 functions differ between processors.
            angles = (numbers[:, None] * self._frequencies).astype(np.float64)
            self.cos_PH[self._filled : end] = np.cos(angles)
            self.sin_PH[self._filled : end] = np.sin(angles)
            self._filled = end
