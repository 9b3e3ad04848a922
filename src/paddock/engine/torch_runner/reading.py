"""Weights from a checkpoint, in the kinds that ``native.plan`` decides for every runner.

Knows what becomes of each planned matrix here. Does not know file formats (``paddock.checkpoint``
opens them), nor how products are computed. Memory while reading is the model and a piece of one
tensor; a matrix goes to its device as soon as it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.dtypes import size_in_bytes
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.tensors import Tensor as Stored
from paddock.checkpoint.tensors import regrouped
from paddock.engine.native.plan import Plan, PlannedGated, PlannedMatrix, PlannedMixture
from paddock.engine.native.weights import Kind
from paddock.engine.torch_runner.matrices import Dense, Matrix, OneRowProduct, Quantised, Stacked
from paddock.engine.torch_runner.weights import Gated, LayerWeights, Mixture, Weights

_PLAIN_TYPES = {Kind.F32: torch.float32, Kind.BF16: torch.bfloat16}
_NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}
_PIECE_BYTES = 1 << 20  # about so much of a tensor is converted at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where weights go, the type that is computed in, and how that device multiplies one row."""

    device: torch.device
    computing: torch.dtype
    one_row_product: OneRowProduct | None = None


def computing_type(plan: Plan, device: torch.device) -> torch.dtype:
    """The type of activations and cache: that of plain weights where all have the same.

    Blocks compute in bfloat16 on a GPU and in float32 on a CPU, whose products would otherwise
    round more than the blocks did.
    """
    kinds = {matrix.kind for matrix in plan.matrices}
    if len(kinds) == 1 and (kind := kinds.pop()) in _PLAIN_TYPES:
        return _PLAIN_TYPES[kind]
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def read_weights(plan: Plan, wanted: Wanted) -> Weights:
    """The weights of a plan; raises BadElements (NaN or infinity where blocks are wanted)."""

    def matrix(*planned: PlannedMatrix) -> Matrix:
        parts = [_matrix(each, wanted) for each in planned]
        return parts[0] if len(parts) == 1 else Stacked(tuple(parts))

    def gated(planned: PlannedGated) -> Gated:
        return Gated(matrix(*planned.gate_up), matrix(planned.down))

    def mixture(planned: PlannedMixture) -> Mixture:
        router = _plain(planned.router, wanted).view(planned.router.shape)
        return Mixture(router, tuple(gated(each) for each in planned.experts))

    norms = [_plain(tensor, wanted) for tensor in plan.norms]
    layers = [
        LayerWeights(
            norms[2 * n],
            matrix(*layer.qkv),
            matrix(layer.o),
            norms[2 * n + 1],
            None if layer.gated is None else gated(layer.gated),
            None if layer.mixture is None else mixture(layer.mixture),
        )
        for n, layer in enumerate(plan.layers)
    ]
    embeddings = matrix(plan.embeddings)
    head = embeddings if plan.head is None else matrix(plan.head)
    return Weights(plan.config, wanted.computing, embeddings, tuple(layers), norms[-1], head)


def _matrix(planned: PlannedMatrix, wanted: Wanted) -> Matrix:
    dtype = _NAMES[wanted.computing] if planned.kind in _PLAIN_TYPES else planned.kind.dtype
    row_bytes = size_in_bytes(dtype, planned.inputs)
    content = torch.empty(planned.outputs, row_bytes, dtype=torch.uint8)
    _fill(content.numpy().reshape(-1), planned.tensors, dtype)
    content = content.to(wanted.device)
    if planned.kind in _PLAIN_TYPES:
        return Dense(content.view(wanted.computing), wanted.one_row_product)
    return Quantised(content, dtype, wanted.computing)


def _fill(target: NDArray[np.uint8], tensors: Iterable[Stored], dtype: str) -> None:
    """The tensors' rows one after the other, each converted some whole rows at a time."""
    at = 0
    for tensor in tensors:
        row_bytes = size_in_bytes(tensor.dtype, tensor.shape[1])
        for rows in regrouped(tensor.pieces(), row_bytes * max(1, _PIECE_BYTES // row_bytes)):
            piece = np.frombuffer(transcode(rows, tensor.dtype, dtype), np.uint8)
            if at + piece.size > target.size:
                raise TensorMismatch("length", f"{tensor.name!r} has more bytes than its shape")
            target[at : at + piece.size] = piece
            at += piece.size
    if at != target.size:
        raise TensorMismatch("length", f"{target.size - at} bytes of weights are missing")


def _plain(tensor: Stored, wanted: Wanted) -> Tensor:
    values = bytearray(transcode(tensor.read(), tensor.dtype, "F32"))
    return torch.frombuffer(values, dtype=torch.float32).to(wanted.device, wanted.computing)
