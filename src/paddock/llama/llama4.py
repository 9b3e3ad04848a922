"""What Llama 4's attention does otherwise: positions in some layers only, and chunks of the text.

Layers with positions turn queries and keys by pairs ``(2i, 2i + 1)``, may normalise them, and see
their own chunk of the text alone. Layers without see everything, and their queries grow with the
distance from the beginning. Letters as in ``layers``. A sequence's positions count from its own
first token, wherever padding puts it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.llama4 import Temperature
from paddock.llama.rope import rotate_pairs


class Chunks(NamedTuple):
    """What Llama 4's layers share in one forward pass."""

    positions_BT: Tensor
    mask_BTS: Tensor | None  # of layers that see a chunk; None: as in the others


def has_positions(config: LlamaConfig, layer: int) -> bool:
    """Whether a layer turns its queries and keys, and sees one chunk alone."""
    return config.llama4 is None or layer not in config.llama4.without_positions


def placed(
    q_BTNH: Tensor,
    k_BTKH: Tensor,
    config: LlamaConfig,
    layer: int,
    at: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor]:
    """Queries and keys of a layer of Llama 4; ``at`` is cosine, sine and positions."""
    if config.llama4 is None:
        raise ValueError("the configuration is not Llama 4's")
    cos, sin, positions_BT = at
    if has_positions(config, layer):
        q_BTNH, k_BTKH = (rotate_pairs(each, cos, sin) for each in (q_BTNH, k_BTKH))
        if config.llama4.qk_norm:
            q_BTNH, k_BTKH = (_normalised(each, config.norm_eps) for each in (q_BTNH, k_BTKH))
        return q_BTNH, k_BTKH
    if config.llama4.temperature is not None:
        grown = temperatures(positions_BT, config.llama4.temperature)
        q_BTNH = (q_BTNH * grown[..., None, None]).to(q_BTNH.dtype)
    return q_BTNH, k_BTKH


def temperatures(positions: Tensor, temperature: Temperature) -> Tensor:
    """By what a query at each position is multiplied."""
    steps = ((positions.float() + 1.0) / temperature.floor).floor()
    return torch.log1p(steps) * temperature.scale + 1.0


def in_chunk(mask_BTS: Tensor, positions_BT: Tensor, keys_BS: Tensor, chunk: int) -> Tensor:
    """Of the keys that a query may look at, those in its own chunk."""
    return mask_BTS & ((positions_BT // chunk)[..., :, None] == (keys_BS // chunk)[..., None, :])


def _normalised(x_BTNH: Tensor, eps: float) -> Tensor:
    wide = x_BTNH.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)).to(x_BTNH.dtype)
