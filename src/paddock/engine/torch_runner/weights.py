"""A model's weights as this runner wants them: fused projections, norms in the computing type.

Values only; ``reading`` fills them. Rows of q and k are in the order of Hugging Face's files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.torch_runner.matrices import Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Gated:
    """A gated feed-forward, or one expert; ``gate_up`` has gate's outputs first."""

    gate_up: Matrix
    down: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A router [experts, D], and what it chooses from."""

    router: Tensor
    experts: tuple[Gated, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """One layer. ``qkv`` has the outputs of q, k and v in this order."""

    attention_norm: Tensor
    qkv: Matrix
    o: Matrix
    ffn_norm: Tensor
    gated: Gated | None
    mixture: Mixture | None = None

    @property
    def matrices(self) -> Iterator[Matrix]:
        """All of them; a router's numbers are few."""
        yield from (self.qkv, self.o)
        for each in (self.gated, *(self.mixture.experts if self.mixture else ())):
            if each is not None:
                yield from (each.gate_up, each.down)


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
            matrices += layer.matrices
        if self.head is not self.embeddings:
            matrices.append(self.head)
        return sum(matrix.size_bytes for matrix in matrices)

    @property
    def device(self) -> torch.device:
        """Where everything is."""
        return self.final_norm.device
