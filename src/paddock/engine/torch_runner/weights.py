"""A model's weights as this runner wants them: fused projections, norms in the computing type.

Values only; ``reading`` fills them. Rows of q and k are in the order of Hugging Face's files.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.torch_runner.matrices import Matrix


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """One layer. ``qkv`` has the outputs of q, k and v in this order, ``gate_up`` gate's first."""

    attention_norm: Tensor
    qkv: Matrix
    o: Matrix
    ffn_norm: Tensor
    gate_up: Matrix
    down: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A whole model. A tied head is the very object that the embeddings are."""

    config: LlamaConfig
    dtype: torch.dtype  # of activations and the KV cache
    embeddings: Matrix
    layers: tuple[LayerWeights, ...]
    final_norm: Tensor
    head: Matrix

    @property
    def size_bytes(self) -> int:
        """Bytes of all matrices, a tied head once."""
        matrices = [self.embeddings]
        for layer in self.layers:
            matrices += [layer.qkv, layer.o, layer.gate_up, layer.down]
        if self.head is not self.embeddings:
            matrices.append(self.head)
        return sum(matrix.size_bytes for matrix in matrices)

    @property
    def device(self) -> torch.device:
        """Where everything is."""
        return self.final_norm.device
