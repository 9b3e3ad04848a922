"""Steps of one new token a sequence, captured once for each size and replayed.

A GPU would otherwise wait for Python between kernels. A captured step reads fixed tensors, so a
step is first copied there; it is padded to the next size with sequences of one token that write to
the cache's scratch block. Knows sizes and padding; how to capture is given, so that all but that
runs on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor

from paddock.engine.step import BLOCK_TOKENS, Step
from paddock.engine.torch_runner.batch import Batch, slots_of
from paddock.llama.rope import rotation

SIZES: Final = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)

Body = Callable[[], Tensor]
Capture = Callable[[Body], Body]


class DecodeGraphs:
    """The captured steps of one model and cache. Logits hold until the next step."""

    def __init__(
        self, compute: Callable[[Batch], Tensor], frequencies: Tensor, blocks: int, scratch: int
    ) -> None:
        """``blocks`` is the most that a sequence has; ``scratch`` the block of nobody."""
        device, largest = frequencies.device, SIZES[-1]
        self._compute = compute
        self._frequencies = frequencies
        self._scratch = scratch
        self._numbers = torch.zeros(4, largest, dtype=torch.int64, device=device)
        self._tables_SB = torch.full((largest, blocks), scratch, dtype=torch.int32, device=device)
        self._starts_S = torch.arange(largest + 1, dtype=torch.int32, device=device)
        self._captured: dict[int, Body] = {}

    @staticmethod
    def fits(step: Step) -> bool:
        """Whether a step is one new token a sequence, all wanted, without adapters."""
        sequences = len(step.lengths_S)
        return (
            sequences == len(step.tokens_T) == len(step.wanted_R) <= SIZES[-1]
            and bool((np.diff(step.starts_S) == 1).all())
            and bool((step.adapters_S < 0).all())
        )

    def logits(self, step: Step, capture: Capture) -> Tensor:
        """The logits of a step that fits."""
        sequences = len(step.lengths_S)
        size = next(size for size in SIZES if size >= sequences)
        self._fill(step, sequences, size)
        if size not in self._captured:
            self._captured[size] = capture(lambda: self._compute(self._batch(size)))
        return self._captured[size]()[:sequences]

    def _fill(self, step: Step, sequences: int, size: int) -> None:
        """Copy a step to where the captured one reads, and pad it."""
        positions_T, slots_T = slots_of(step)
        numbers = np.zeros((4, size), np.int64)
        numbers[2], numbers[3] = self._scratch * BLOCK_TOKENS, 1
        numbers[:, :sequences] = step.tokens_T, positions_T, slots_T, step.lengths_S
        width = -(-int(step.lengths_S.max()) // BLOCK_TOKENS)
        tables_SB = np.full((size, width), self._scratch, np.int32)
        tables_SB[:sequences] = step.tables_SB[:, :width]
        self._numbers[:, :size] = torch.from_numpy(numbers).to(self._numbers.device)
        self._tables_SB[:size, :width] = torch.from_numpy(tables_SB).to(self._tables_SB.device)

    def _batch(self, size: int) -> Batch:
        tokens_T, positions_T, slots_T, lengths_S = self._numbers[:, :size]
        cos, sin = rotation(positions_T, self._frequencies)
        return Batch(
            tokens_T,
            cos,
            sin,
            slots_T,
            self._starts_S[: size + 1],
            lengths_S.int(),
            self._tables_SB[:size],
            self._starts_S[:size].long(),
            most_new=1,
        )


def capture_on_gpu(body: Body) -> Body:
    """Run once, so that kernels are compiled and libraries awake; then capture."""
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        body()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # Another thread may be loading a model meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        result = body()

    def replay() -> Tensor:
        graph.replay()
        return result

    return replay
