"""A step as tensors on the model's device, and the paged cache it reads and writes.

A slot is a position's place in the cache: block number times 16 plus the position within the block.
Letters: T new tokens, S sequences, B blocks, R wanted rows, H width of a head, K key-value heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paddock.engine.step import BLOCK_TOKENS, Step
from paddock.engine.torch_runner.weights import Weights
from paddock.llama.rope import rotation


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What all layers share in one step."""

    tokens_T: Tensor
    cos: Tensor  # [T, 1, H/2]
    sin: Tensor
    slots_T: Tensor
    starts_S: Tensor  # [S + 1], int32, as in Step
    lengths_S: Tensor  # int32
    tables_SB: Tensor  # int32
    wanted_R: Tensor
    most_new: int  # tokens that one sequence brings, at most

    def spans(self) -> list[tuple[int, int, int]]:
        """Of each sequence the first of its new tokens, the end of them, and its length."""
        starts: list[int] = self.starts_S.tolist()
        return list(zip(starts, starts[1:], self.lengths_S.tolist(), strict=False))


@dataclass(frozen=True, slots=True, eq=False)
class Cache:
    """Keys and values by layer, ``[slots, K, H]`` each; the last block is nobody's."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def scratch_block(self) -> int:
        """The block that padding is written to."""
        return self.keys[0].shape[0] // BLOCK_TOKENS - 1


def empty_cache(weights: Weights, blocks: int) -> Cache:
    """Room for ``blocks`` and the scratch block; MemoryError, or torch's, where there is none."""
    config = weights.config
    shape = ((blocks + 1) * BLOCK_TOKENS, config.kv_heads, config.head_dim)

    def layers() -> tuple[Tensor, ...]:
        return tuple(_zeros(shape, weights) for _ in range(config.layers))

    return Cache(layers(), layers())


def _zeros(shape: tuple[int, ...], weights: Weights) -> Tensor:
    if weights.device.type != "cpu":
        return torch.zeros(shape, dtype=weights.dtype, device=weights.device)
    # NumPy's zeros cost no memory until something is written there; torch writes them at once.
    content = np.zeros(math.prod(shape) * weights.dtype.itemsize, np.uint8)
    return torch.from_numpy(content).view(weights.dtype).view(shape)


def batch_of(step: Step, frequencies: Tensor) -> Batch:
    """The tensors of a step, on the device of ``frequencies``."""
    device = frequencies.device
    positions_T, slots_T = slots_of(step)
    cos, sin = rotation(_on(device, positions_T), frequencies)
    return Batch(
        _on(device, step.tokens_T.astype(np.int64)),
        cos,
        sin,
        _on(device, slots_T),
        _on(device, step.starts_S),
        _on(device, step.lengths_S),
        _on(device, step.tables_SB),
        _on(device, step.wanted_R.astype(np.int64)),
        most_new=int(np.diff(step.starts_S).max()),
    )


def gathered(slots: Tensor, blocks_B: Tensor, length: int) -> Tensor:
    """Keys or values of a sequence's first ``length`` positions, ``[S, K, H]``, by its blocks."""
    blocks = blocks_B[: -(-length // BLOCK_TOKENS)].long()
    return slots.view(-1, BLOCK_TOKENS, *slots.shape[1:])[blocks].flatten(0, 1)[:length]


def slots_of(step: Step) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Position and slot of each new token."""
    new_S = np.diff(step.starts_S)
    sequence_T = np.repeat(np.arange(len(new_S)), new_S)
    positions_T = (step.lengths_S - step.starts_S[1:])[sequence_T] + np.arange(len(sequence_T))
    blocks_T = step.tables_SB[sequence_T, positions_T // BLOCK_TOKENS].astype(np.int64)
    return positions_T, blocks_T * BLOCK_TOKENS + positions_T % BLOCK_TOKENS


def _on(device: torch.device, array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device, non_blocking=True)
