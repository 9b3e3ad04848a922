"""Every implementation of the sampler that this machine has, and rows for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import Sampling, TokenLogprob
from paddock.engine.sampling import plain
from paddock.engine.sampling.kernel import RowKernel
from paddock.engine.step import Row
from paddock.kernels.step_library import step_levels

Chooser = Callable[[NDArray[np.float32], Row], TokenLogprob | None]

CHOOSERS: dict[str, Chooser] = {
    "plain": plain.choose_token,
    **{f"level {each.level}": RowKernel(each).choose_token for each in step_levels()},
}


def row(position: int = 0, *, like: dict[str, Any] | None = None, **sampling: Any) -> Row:
    """A row with this sampling; ``like`` has the row's other fields."""
    return Row(Sampling(**sampling), position, **(like or {}))


def bits(allowed: list[int], vocabulary: int) -> NDArray[np.uint32]:
    """The mask that allows these tokens."""
    flags = np.zeros(-(-vocabulary // 32) * 32, np.uint8)
    flags[allowed] = 1
    return np.packbits(flags, bitorder="little").view(np.uint32)
