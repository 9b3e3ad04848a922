"""Which tensors a llama2.c file holds, in which order, and which of them are int8.

Tensors of one kind lie together, over all layers (llama2.c, export.py: legacy_export,
version1_export, version2_export).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from paddock.checkpoint.llama2c.header import Header
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, FINAL_NORM, HEAD, layer_shapes

FLOAT_BYTES = 4
ROPE_TABLE = ""  # in version 0, recomputed by every reader


class Group(NamedTuple):
    """Tensors of one kind, one after the other; ``{}`` in the name is the layer."""

    name: str
    shape: tuple[int, ...]
    copies: int = 1
    group_size: int = 0  # values that share a scale; 0 for float32

    @property
    def size_bytes(self) -> int:
        """Bytes of one of them: the values, then their scales."""
        elements = math.prod(self.shape)
        if self.group_size:
            return elements + elements // self.group_size * FLOAT_BYTES
        return elements * FLOAT_BYTES


def groups_of(header: Header) -> list[Group]:
    """Every group of the file, in the order of its bytes."""
    config = header.config
    embeddings = Group(EMBEDDINGS, (config.vocab_size, config.dim))
    norm = Group(FINAL_NORM, (config.dim,))
    head = [] if config.tied_embeddings else [Group(HEAD, embeddings.shape)]
    layers = _layer_groups(config)
    if header.version == 0:
        rope = Group(ROPE_TABLE, (config.context, config.head_dim // 2), 2)
        return [embeddings, *layers, norm, rope, *head]
    norms = [group for group in layers if len(group.shape) == 1]
    matrices = [embeddings, *(group for group in layers if len(group.shape) == 2), *head]
    return [*norms, norm, *(m._replace(group_size=header.group_size) for m in matrices)]


def _layer_groups(config: LlamaConfig) -> list[Group]:
    return [
        Group(f"model.layers.{{}}.{name}", shape, config.layers)
        for name, shape in layer_shapes(config, 0).items()
    ]
