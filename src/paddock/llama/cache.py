"""The key-value cache of a batch: what attention has seen so far.

Knows tensors and lengths. Does not know tokens or text. All rows of a batch advance together;
a row that is shorter than the batch is padded on its left, and ``padding_B`` says by how much.
Room grows by doubling up to ``capacity`` positions, and is written in place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paddock.checkpoint.shape.config import LlamaConfig

FIRST_ROOM = 256  # positions


class KVCache:
    """Keys and values of every layer for one batch, ``[B, K, room, H]`` each."""

    def __init__(
        self,
        config: LlamaConfig,
        capacity: int,
        padding_B: Tensor,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.capacity = capacity
        self.length = 0
        self.padding_B = padding_B
        room = min(capacity, FIRST_ROOM)
        shape = (len(padding_B), config.kv_heads, room, config.head_dim)
        self._keys = [padding_B.new_zeros(shape, dtype=dtype) for _ in range(config.layers)]
        self._values = [padding_B.new_zeros(shape, dtype=dtype) for _ in range(config.layers)]

    def extend(self, layer: int, k_BKTH: Tensor, v_BKTH: Tensor) -> tuple[Tensor, Tensor]:
        """Write new keys and values after the seen ones; returns everything up to them."""
        end = self.length + k_BKTH.shape[2]
        if end > self.capacity:
            raise ValueError(f"position {end} is past the cache's {self.capacity}")
        return (
            self._written(self._keys, layer, k_BKTH, end),
            self._written(self._values, layer, v_BKTH, end),
        )

    def advance(self, new_positions: int) -> None:
        """Count the positions that every layer has now written."""
        self.length += new_positions

    def _written(self, of_layers: list[Tensor], layer: int, new_BKTH: Tensor, end: int) -> Tensor:
        room = of_layers[layer].shape[2]
        if end > room:
            more = min(self.capacity, max(end, 2 * room)) - room
            of_layers[layer] = nn.functional.pad(of_layers[layer], (0, 0, 0, more))
        of_layers[layer][:, :, self.length : end] = new_BKTH
        return of_layers[layer][:, :, :end]
