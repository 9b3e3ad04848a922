"""Hidden states of whole texts, layer by layer: one layer is in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS
from paddock.checkpoint.tensors import Tensor as StoredTensor
from paddock.llama.layers import Block, Step
from paddock.llama.loading import block_from, read_weight
from paddock.llama.model import chunks_of
from paddock.llama.rope import inverse_frequencies, rotation

_CHUNK = 4  # sequences at once


def embedded(tensors: Mapping[str, StoredTensor], tokens_ST: torch.Tensor) -> torch.Tensor:
    """The states before the first layer."""
    return read_weight(tensors[EMBEDDINGS])[tokens_ST].float()


@torch.no_grad()
def through(block: Block, x_STD: torch.Tensor, step: Step) -> torch.Tensor:
    """The states after a layer, some sequences at a time."""
    return torch.cat([block(part, step) for part in torch.split(x_STD, _CHUNK)])


def layer_of(config: LlamaConfig, tensors: Mapping[str, StoredTensor], layer: int) -> Block:
    """One layer of the model, in float32."""
    prefix = prefix_of(layer)
    own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
    return block_from(config, own, torch.float32, layer)


def prefix_of(layer: int) -> str:
    """How the names of a layer's tensors begin."""
    return f"model.layers.{layer}."


def step_of(config: LlamaConfig, length: int) -> Step:
    """What every layer needs to know of sequences of this length."""
    places = torch.arange(length)
    cos, sin = rotation(places[None], inverse_frequencies(config))
    return Step(cos, sin, None, None, chunks_of(config, places, length, None))
