"""Runners of models made in a test, and steps over scattered blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.native.plan import plan_weights
from paddock.engine.precision import Precision
from paddock.engine.step import BLOCK_TOKENS, Step
from paddock.engine.torch_runner.layers import Operations
from paddock.engine.torch_runner.plain_operations import PlainOperations
from paddock.engine.torch_runner.reading import Wanted, computing_type, read_weights
from paddock.engine.torch_runner.runner import TorchRunner
from paddock.llama.model import Llama

CPU = torch.device("cpu")
BLOCKS = 64


def stored(model: torch.nn.Module) -> list[Tensor]:
    """A float32 model's weights as a checkpoint's tensors."""

    def tensor(name: str, weight: torch.Tensor) -> Tensor:
        raw = weight.numpy().tobytes()
        return Tensor(name, "F32", tuple(weight.shape), lambda: iter([raw]))

    return [tensor(name, weight) for name, weight in model.state_dict().items()]


def runner_of(
    model: Llama,
    precision: Precision = Precision.FLOAT32,
    operations: Operations | None = None,
    device: torch.device = CPU,
) -> TorchRunner:
    """A runner with room for some sequences."""
    plan = plan_weights(model.config, stored(model), precision)
    weights = read_weights(plan, Wanted(device, computing_type(plan, device)))
    runner = TorchRunner(weights, operations or PlainOperations())
    runner.reserve(BLOCKS)
    return runner


@dataclass(slots=True)
class Pool:
    """Hands out blocks in an order without pattern."""

    free: list[int] = field(
        default_factory=lambda: np.random.default_rng(5).permutation(BLOCKS).tolist()
    )


@dataclass(slots=True)
class Sequence_:
    """Tokens that a runner has seen, and where their keys and values are."""

    pool: Pool
    seen: int = 0
    blocks: list[int] = field(default_factory=list)

    def grow(self, new: int) -> None:
        self.seen += new
        while len(self.blocks) * BLOCK_TOKENS < self.seen:
            self.blocks.append(self.pool.free.pop())


def step_of(
    parts: Sequence[tuple[Sequence_, Sequence[int]]],
    adapters: Sequence[int] | None = None,
    wanted: Sequence[int] | None = None,
) -> Step:
    """One step with new tokens of each sequence; by default the last row of each is wanted."""
    for sequence, new in parts:
        sequence.grow(len(new))
    starts = np.cumsum([0, *(len(new) for _, new in parts)])
    width = max(len(sequence.blocks) for sequence, _ in parts)
    tables = np.full((len(parts), width), 1 << 30)  # never read beyond a sequence's own
    for row, (sequence, _) in zip(tables, parts, strict=True):
        row[: len(sequence.blocks)] = sequence.blocks
    arrays = (
        [token for _, new in parts for token in new],
        starts,
        [sequence.seen for sequence, _ in parts],
        tables,
        adapters if adapters is not None else [-1] * len(parts),
        wanted if wanted is not None else starts[1:] - 1,
    )
    return Step(*(np.asarray(array, np.int32) for array in arrays))


def prompt(config: LlamaConfig, length: int, seed: int) -> list[int]:
    """Random token ids."""
    return np.random.default_rng(seed).integers(0, config.vocab_size, length).tolist()
