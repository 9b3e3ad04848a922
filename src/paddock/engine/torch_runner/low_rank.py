"""LoRA: what adapters add to a model's products, for the tokens of their requests alone.

Knows slots and which tokens belong to which. The tokens of one adapter are multiplied together,
wherever they are in the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.adapters import Adapter, Projection
from paddock.engine.step import Int32
from paddock.engine.torch_runner.matrices import Matrix


class Fused(Enum):
    """The products of a layer, by the projections whose outputs they hold one after the other."""

    QKV = (Projection.Q, Projection.K, Projection.V)
    O = (Projection.O,)  # noqa: E741
    GATE_UP = (Projection.GATE, Projection.UP)
    DOWN = (Projection.DOWN,)


class Addition(NamedTuple):
    """What is added to some outputs of a product: ``x A^T B^T``, the scale already in ``b``."""

    first_output: int
    a: Tensor  # [rank, inputs]
    b: Tensor  # [outputs, rank]


Additions = Mapping[tuple[int, Fused], tuple[Addition, ...]]


class Share(NamedTuple):
    """The tokens of a step that belong to one adapter."""

    tokens: Tensor  # their indices
    additions: Additions


class Adapted:
    """Products of one step, each token with its own request's adapter."""

    def __init__(self, shares: Sequence[Share] = ()) -> None:
        self._shares = tuple(shares)

    def product(self, matrix: Matrix, x_TI: Tensor, layer: int, fused: Fused) -> Tensor:
        """``x W^T``, and what adapters add."""
        y_TO = matrix.product(x_TI)
        for share in self._shares:
            additions = share.additions.get((layer, fused), ())
            x_AI = x_TI[share.tokens] if additions else x_TI
            for first, a, b in additions:
                outputs = y_TO[:, first : first + len(b)]
                outputs.index_add_(0, share.tokens, (x_AI @ a.T) @ b.T)
        return y_TO


def additions_of(
    adapter: Adapter, config: LlamaConfig, dtype: torch.dtype, device: torch.device
) -> Additions:
    """The tensors of an adapter where they are used."""
    found: dict[tuple[int, Fused], tuple[Addition, ...]] = {}
    for (layer, projection), part in adapter.parts.items():
        fused, first = _place(projection, config)
        a = torch.from_numpy(part.a).to(device, dtype)
        b = (torch.from_numpy(part.b) * part.scale).to(device, dtype)
        found[layer, fused] = (*found.get((layer, fused), ()), Addition(first, a, b))
    return found


def shares_of(
    adapters_S: Int32, starts_S: Int32, slots: Mapping[int, Additions], device: torch.device
) -> list[Share]:
    """Which tokens each adapter of a step changes; an empty slot is a KeyError."""
    adapters_T = np.repeat(adapters_S, np.diff(starts_S))
    return [
        Share(torch.from_numpy(np.flatnonzero(adapters_T == slot)).to(device), slots[slot])
        for slot in np.unique(adapters_S).tolist()
        if slot >= 0
    ]


def _place(projection: Projection, config: LlamaConfig) -> tuple[Fused, int]:
    """The product that a projection's outputs are in, and where they begin."""
    fused = next(each for each in Fused if projection in each.value)
    widths = {Projection.Q: config.q_dim, Projection.K: config.kv_dim}
    before = fused.value[: fused.value.index(projection)]
    return fused, sum(widths.get(each, config.ffn_dim) for each in before)
