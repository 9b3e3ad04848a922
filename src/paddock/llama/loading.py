"""A model from a checkpoint on disk.

Knows which tensor goes to which parameter. Does not know file formats: ``paddock.checkpoint`` opens
them all and streams tensors under Hugging Face's names and in its row order. Memory while loading
is the model and one tensor, because each tensor is converted and let go before the next is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from paddock.checkpoint.codecs.transcoding import decode
from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.errors import TensorMismatch
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, check_shapes, expected_shapes
from paddock.checkpoint.tensors import Tensor, regrouped
from paddock.llama.layers import Block
from paddock.llama.model import Llama
from paddock.llama.tokenizer import Tokenizer

STORED_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}


QUANTISED_TYPE = torch.bfloat16  # what blocks are computed in where nothing else is asked for
BLOCKS_AT_ONCE = 1 << 12


class LoadedModel(NamedTuple):
    """A model and the tokenizer that belongs to it."""

    model: Llama
    tokenizer: Tokenizer


def load(path: Path, *, dtype: torch.dtype | None = torch.float32) -> LoadedModel:
    """Model and tokenizer of a checkpoint, on the CPU; with ``dtype`` None, as it is stored."""
    checkpoint = open_checkpoint(path)
    tokenizer = Tokenizer.of(checkpoint)
    return LoadedModel(from_tensors(checkpoint.config, checkpoint.tensors, dtype=dtype), tokenizer)


def load_model(path: Path, *, dtype: torch.dtype | None = None) -> Llama:
    """The model of a checkpoint folder or file, on the CPU; without ``dtype``, as it is stored."""
    checkpoint = open_checkpoint(path)
    return from_tensors(checkpoint.config, checkpoint.tensors, dtype=dtype)


def from_tensors(
    config: LlamaConfig, tensors: Iterable[Tensor], *, dtype: torch.dtype | None = None
) -> Llama:
    """A model of ``config`` with these weights, each checked against the shape that it must have.

    As stored means: in the type of the embeddings, since one model computes in one type.
    """
    tensors = list(tensors)
    check_shapes(config, tensors)
    wanted = {t.name: t for t in tensors if t.name in expected_shapes(config)}
    dtype = dtype or _stored_type(wanted[EMBEDDINGS])
    model = Llama(config)
    for name, tensor in wanted.items():
        _put(model, name, read_weight(tensor).to(dtype))
    return model.eval()


def block_from(
    config: LlamaConfig, weights: Mapping[str, Tensor], dtype: torch.dtype, layer: int
) -> Block:
    """One layer, from its tensors under their names within it."""
    with torch.device("meta"):
        block = Block(config, layer)
    for name in block.state_dict():
        _put(block, name, read_weight(weights[name]).to(dtype))
    return block.eval()


def read_weight(tensor: Tensor) -> torch.Tensor:
    """A tensor's numbers in memory, as they are stored; quantised ones as float32."""
    if tensor.dtype in BLOCKS:
        return _decoded(tensor)
    content = torch.empty(tensor.shape, dtype=_stored_type(tensor))
    tensor.read_into(content.view(-1).view(torch.uint8).numpy().data)
    return content


def _decoded(tensor: Tensor) -> torch.Tensor:
    """Quantised elements as float32, decoded some thousand blocks at a time."""
    content = torch.empty(tensor.elements, dtype=torch.float32)
    target, at = content.numpy(), 0
    for piece in regrouped(tensor.pieces(), BLOCKS_AT_ONCE * BLOCKS[tensor.dtype].size_bytes):
        values = decode(piece, tensor.dtype)
        target[at : at + values.size] = values
        at += values.size
    return content.view(tensor.shape)


def _stored_type(tensor: Tensor) -> torch.dtype:
    if tensor.dtype in BLOCKS:
        return QUANTISED_TYPE
    if tensor.dtype not in STORED_TYPES:
        raise TensorMismatch(
            "dtype",
            f"the tensor {tensor.name!r} is stored as {tensor.dtype}",
            hint=f"a model computes from {', '.join(STORED_TYPES)}; convert the checkpoint first",
        )
    return STORED_TYPES[tensor.dtype]


def _put(model: nn.Module, name: str, weight: torch.Tensor) -> None:
    owner, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(owner), leaf, nn.Parameter(weight, requires_grad=False))
