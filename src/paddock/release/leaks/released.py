"""A tensor as some file holds it: name, type, shape and its bytes, of any type that files know."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from paddock.checkpoint.tensors import Piece, Tensor


@dataclass(frozen=True, slots=True)
class ReleasedTensor:
    """Like ``checkpoint.tensors.Tensor``, but with ggml's types that paddock cannot write."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size_bytes: int
    pieces: Callable[[], Iterator[Piece]]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def as_released(tensor: Tensor) -> ReleasedTensor:
    """The same tensor."""
    return ReleasedTensor(tensor.name, tensor.dtype, tensor.shape, tensor.size_bytes, tensor.pieces)
