"""LoRA adapters: small matrices that are added to a model's projections, request by request.

Values only; ``lora_folder`` reads them from disk. A projection with an adapter computes
``W x + scale * B (A x)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Projection(StrEnum):
    """The matrices of a layer that an adapter may change."""

    Q = "q_proj"
    K = "k_proj"
    V = "v_proj"
    O = "o_proj"  # noqa: E741
    GATE = "gate_proj"
    UP = "up_proj"
    DOWN = "down_proj"


class Target(NamedTuple):
    """One projection of one layer."""

    layer: int
    projection: Projection


class LowRank(NamedTuple):
    """What is added to one projection; arrays are C-contiguous and finite."""

    a: Floats  # [rank, inputs]
    b: Floats  # [outputs, rank]
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A named adapter; projections that it leaves alone are not in ``parts``."""

    name: str
    parts: Mapping[Target, LowRank]

    @property
    def max_rank(self) -> int:
        """The largest rank of all parts."""
        return max((part.a.shape[0] for part in self.parts.values()), default=0)

    @property
    def size_bytes(self) -> int:
        """Bytes of all its numbers."""
        return sum(part.a.nbytes + part.b.nbytes for part in self.parts.values())
