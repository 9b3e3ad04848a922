"""An adapter's matrices as the compiled step reads them, checked against the model's shape."""

from __future__ import annotations

import ctypes
from typing import Final, NamedTuple

import numpy as np

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.adapters import Adapter, Projection, Target
from paddock.engine.native.library import LowRank
from paddock.engine.native.weights import Floats

MAX_RANK: Final = 1 << 12
PROJECTIONS: Final = tuple(Projection)  # in C's order


class LowRanks(NamedTuple):
    """C's structures, ``[layers, projections]``, and the arrays that they refer to."""

    parts: ctypes.Array[LowRank]
    arrays: list[Floats]
    max_rank: int


def low_ranks_of(config: LlamaConfig, adapter: Adapter) -> LowRanks:
    """The adapter's parts; a ValueError where one does not fit the model."""
    shapes = {
        Projection.Q: (config.q_dim, config.dim),
        Projection.K: (config.kv_dim, config.dim),
        Projection.V: (config.kv_dim, config.dim),
        Projection.O: (config.dim, config.q_dim),
        Projection.GATE: (config.ffn_dim, config.dim),
        Projection.UP: (config.ffn_dim, config.dim),
        Projection.DOWN: (config.dim, config.ffn_dim),
    }
    parts = (LowRank * (config.layers * len(PROJECTIONS)))()
    arrays: list[Floats] = []
    for target, (a_RI, b_OR, scale) in adapter.parts.items():
        rank = len(a_RI)
        outputs, inputs = shapes[target.projection]
        if not (0 <= target.layer < config.layers and 0 < rank <= MAX_RANK):
            raise ValueError(f"an adapter cannot have rank {rank} in layer {target.layer}")
        if a_RI.shape != (rank, inputs) or b_OR.shape != (outputs, rank):
            raise ValueError(f"{_name(target)} of {a_RI.shape} and {b_OR.shape} does not fit")
        a = np.ascontiguousarray(a_RI, np.float32)
        b = np.ascontiguousarray((b_OR * np.float32(scale)).T, np.float32)
        at = target.layer * len(PROJECTIONS) + PROJECTIONS.index(target.projection)
        parts[at] = LowRank(a.ctypes.data, b.ctypes.data, rank)
        arrays += (a, b)
    return LowRanks(parts, arrays, adapter.max_rank)


def _name(target: Target) -> str:
    return f"{target.projection} of layer {target.layer}"
