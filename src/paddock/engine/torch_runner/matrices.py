"""A model's matrices, whole or in quantised blocks, and their products.

Quantised ones stay bytes in memory: a few rows at a time become numbers, are used and forgotten.
``y = x W^T``. Letters: T tokens, I inputs, O outputs. Does not know what a matrix is for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from paddock.checkpoint.dtypes import elements_in
from paddock.engine.torch_runner.dequantising import dequantised

# How many numbers are de-quantised at once: what stays in a CPU's cache, what fills a GPU.
_PART_ON_CPU = 1 << 19
_PART_ON_GPU = 1 << 26


class Matrix(Protocol):
    """``outputs`` rows of weights."""

    @property
    def outputs(self) -> int:
        """Rows."""

    @property
    def size_bytes(self) -> int:
        """Bytes in memory."""

    def product(self, x_TI: Tensor) -> Tensor:
        """``[T, O]``, in the type of ``x_TI``."""

    def rows(self, ids_T: Tensor) -> Tensor:
        """The rows of these numbers, ``[T, I]``, in the type that the model computes in."""


# A product of one row, [1, I] with [O, I], where a device has a better one than torch's.
OneRowProduct = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """Plain numbers, of the type that the model computes in."""

    weight_OI: Tensor
    one_row_product: OneRowProduct | None = None

    @property
    def outputs(self) -> int:
        return self.weight_OI.shape[0]

    @property
    def size_bytes(self) -> int:
        return self.weight_OI.nbytes

    def product(self, x_TI: Tensor) -> Tensor:
        if self.one_row_product is not None and len(x_TI) == 1:
            return self.one_row_product(x_TI, self.weight_OI)
        return F.linear(x_TI, self.weight_OI)

    def rows(self, ids_T: Tensor) -> Tensor:
        return self.weight_OI[ids_T]


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """Blocks of a type that ``dequantising`` reads, as they lie in a file."""

    raw_OB: Tensor  # bytes of each row
    dtype: str
    computing: torch.dtype

    @property
    def outputs(self) -> int:
        return self.raw_OB.shape[0]

    @property
    def size_bytes(self) -> int:
        return self.raw_OB.nbytes

    def product(self, x_TI: Tensor) -> Tensor:
        part = _PART_ON_CPU if self.raw_OB.device.type == "cpu" else _PART_ON_GPU
        rows_at_once = max(1, part // elements_in(self.dtype, self.raw_OB.shape[1]))
        y_TO = x_TI.new_empty(x_TI.shape[0], self.outputs)
        for at in range(0, self.outputs, rows_at_once):
            raw_OB = self.raw_OB[at : at + rows_at_once]
            weight_OI = dequantised(raw_OB, self.dtype).to(x_TI.dtype)
            y_TO[:, at : at + len(raw_OB)] = F.linear(x_TI, weight_OI)
        return y_TO

    def rows(self, ids_T: Tensor) -> Tensor:
        return dequantised(self.raw_OB[ids_T], self.dtype).to(self.computing)


@dataclass(frozen=True, slots=True, eq=False)
class Stacked:
    """Matrices of different kinds over the same inputs, one's outputs after the other's."""

    parts: tuple[Matrix, ...]

    @property
    def outputs(self) -> int:
        return sum(part.outputs for part in self.parts)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    def product(self, x_TI: Tensor) -> Tensor:
        return torch.cat([part.product(x_TI) for part in self.parts], dim=1)

    def rows(self, ids_T: Tensor) -> Tensor:
        raise NotImplementedError("only embeddings are looked up, and they are of one kind")
