"""Weights from a checkpoint, in the kinds that a precision asks for.

Knows which tensors are fused and what is stored as what. Does not know file formats
(``paddock.checkpoint`` opens them) nor how products are computed. Memory while reading is the model
and one tensor's piece; a matrix goes to its device as soon as it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.dtypes import BLOCKS, size_in_bytes
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, FINAL_NORM, HEAD
from paddock.checkpoint.tensors import Tensor as Stored
from paddock.checkpoint.tensors import regrouped
from paddock.engine.torch_runner.dequantising import READERS
from paddock.engine.torch_runner.matrices import Dense, Matrix, Quantised, Stacked
from paddock.engine.torch_runner.weights import LayerWeights, Weights

_TORCH_TYPES = {"F32": torch.float32, "BF16": torch.bfloat16}
_PLAIN_NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}
_FLOATS = ("F64", "F32", "F16", "BF16")
_ROWS_BYTES = 1 << 20  # about so much of a tensor is converted at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """What matrices become: ``precision`` is auto, float32, bfloat16, int8 or int4."""

    precision: str
    device: torch.device
    computing: torch.dtype


def read_weights(config: LlamaConfig, tensors: Iterable[Stored], wanted: Wanted) -> Weights:
    """The weights of a checkpoint whose shapes have been checked.

    Raises TensorMismatch (a type that no model computes from) and BadElements (NaN or infinity
    where blocks are wanted).
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    embeddings = _matrix([by_name[EMBEDDINGS]], wanted)
    head = embeddings if config.tied_embeddings else _matrix([by_name[HEAD]], wanted)
    return Weights(
        config,
        wanted.computing,
        embeddings,
        tuple(_layer(by_name, layer, wanted) for layer in range(config.layers)),
        _norm(by_name[FINAL_NORM], wanted),
        head,
    )


def _layer(by_name: dict[str, Stored], layer: int, wanted: Wanted) -> LayerWeights:
    def named(name: str) -> Stored:
        return by_name[f"model.layers.{layer}.{name}.weight"]

    def fused(*names: str) -> Matrix:
        return _matrix([named(name) for name in names], wanted)

    return LayerWeights(
        _norm(named("input_layernorm"), wanted),
        fused("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        fused("self_attn.o_proj"),
        _norm(named("post_attention_layernorm"), wanted),
        fused("mlp.gate_proj", "mlp.up_proj"),
        fused("mlp.down_proj"),
    )


def kind_of(tensor: Stored, wanted: Wanted) -> str:
    """The type that a matrix is kept in: a key of dtypes.BITS or of ``READERS``."""
    plain = _PLAIN_NAMES[wanted.computing]
    if tensor.dtype not in BLOCKS and tensor.dtype not in _FLOATS:
        raise TensorMismatch(
            "dtype",
            f"the tensor {tensor.name!r} is stored as {tensor.dtype}",
            hint="a model computes from floating-point or quantised weights; convert it first",
        )
    match wanted.precision:
        case "auto" if tensor.dtype in BLOCKS:
            kind = tensor.dtype if tensor.dtype in READERS else "Q8_0"
        case "int8":
            kind = "Q8_0"
        case "int4" if tensor.dtype in ("Q4_0", "Q4_K"):
            kind = tensor.dtype
        case "int4":
            # Errors in the head and the embeddings cost the most and they are read once a step.
            kind = "Q8_0" if tensor.name in (EMBEDDINGS, HEAD) else "Q4_0"
        case _:
            kind = plain
    fits = kind not in BLOCKS or tensor.shape[1] % BLOCKS[kind].elements == 0
    return kind if fits else plain


def _matrix(tensors: list[Stored], wanted: Wanted) -> Matrix:
    kinds = [kind_of(tensor, wanted) for tensor in tensors]
    if len(set(kinds)) > 1:
        return Stacked(tuple(_matrix([tensor], wanted) for tensor in tensors))
    inputs = tensors[0].shape[1]
    row_bytes = size_in_bytes(kinds[0], inputs)
    content = torch.empty(sum(t.shape[0] for t in tensors), row_bytes, dtype=torch.uint8)
    _fill(content.numpy().reshape(-1), tensors, kinds[0])
    content = content.to(wanted.device)
    if kinds[0] in BLOCKS:
        return Quantised(content, kinds[0], wanted.computing)
    return Dense(content.view(_TORCH_TYPES[kinds[0]]))


def _fill(target: NDArray[np.uint8], tensors: list[Stored], kind: str) -> None:
    """The tensors' rows one after the other, each converted some whole rows at a time."""
    at = 0
    for tensor in tensors:
        row_bytes = size_in_bytes(tensor.dtype, tensor.shape[1])
        for rows in regrouped(tensor.pieces(), row_bytes * max(1, _ROWS_BYTES // row_bytes)):
            piece = np.frombuffer(transcode(rows, tensor.dtype, kind), np.uint8)
            target[at : at + piece.size] = piece
            at += piece.size
    if at != target.size:
        raise TensorMismatch("length", f"{tensors[0].name!r} gave {at} bytes, not {target.size}")


def _norm(tensor: Stored, wanted: Wanted) -> Tensor:
    content = torch.frombuffer(
        bytearray(transcode(tensor.read(), tensor.dtype, "F32")), dtype=torch.float32
    )
    return content.to(wanted.device, wanted.computing)


def stored_type(tensors: Iterable[Stored]) -> torch.dtype:
    """What a model whose weights stay as they are stored computes in on a CPU.

    bfloat16 where the embeddings are; F16's range fits float32 alone, and so does what comes out of
    blocks.
    """
    embeddings = next(tensor for tensor in tensors if tensor.name == EMBEDDINGS)
    return torch.bfloat16 if embeddings.dtype == "BF16" else torch.float32
