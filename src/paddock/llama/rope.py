"""Rotary position embedding: angles by position, and the rotation of queries and keys.

Knows the frequency scaling of Llama 3.1. Does not
know attention. Weights are in the order of Hugging Face's files: element ``i`` of a head is paired
with ``i + H/2``; files in Meta's order (pairs ``2i, 2i+1``) are permuted when they are read, but
for those of Llama 4, which Hugging Face keeps in that order.
Angles are float32, whatever the weights are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling


def inverse_frequencies(config: LlamaConfig) -> Tensor:
    """Radians per position of each of the ``H/2`` pairs of a head, scaled as the config says."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device="cpu")
    frequencies = 1.0 / (config.rope_theta ** (exponents / config.head_dim))
    if config.rope_scaling is None:
        return frequencies
    return _stretch(frequencies, config.rope_scaling)


def _stretch(frequencies: Tensor, scaling: RopeScaling) -> Tensor:
    """Llama 3.1: long waves are slowed by the factor, short ones kept, blended in between."""
    wavelengths = 2 * math.pi / frequencies
    original = scaling.original_context
    above = original / wavelengths - scaling.low_freq_factor
    width = scaling.high_freq_factor - scaling.low_freq_factor
    blend = (above / width).clamp(0.0, 1.0) if width else (above >= 0).float()
    return (1 - blend) * frequencies / scaling.factor + blend * frequencies


def rotate_pairs(x_BTNH: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair ``(2i, 2i + 1)`` by its position's angle, in float32, as Llama 4 does."""
    first, second = x_BTNH.float()[..., 0::2], x_BTNH.float()[..., 1::2]
    turned = torch.stack((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned.flatten(-2).to(x_BTNH.dtype)


def rotation(positions_BT: Tensor, frequencies: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine for each position, shaped ``[B, T, 1, H/2]`` to broadcast over heads."""
    angles = positions_BT[..., None, None].float() * frequencies
    return angles.cos(), angles.sin()


def rotate(x_BTNH: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair ``(i, i + H/2)`` by its position's angle.

    Multiplied in the input's own type, as transformers does it: bfloat16 logits then come out
    equal to theirs bit for bit, which a float32 product here would prevent.
    """
    cos, sin = cos.to(x_BTNH.dtype), sin.to(x_BTNH.dtype)
    first, second = x_BTNH.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
