"""A model's weights as the native runner wants them: packed matrices, float32 norms.

Values only. Bytes are panels as ``kernels/step/matrix.h`` lays them out, the same on every
processor; they lie in memory or in a mapped file and are never written. A row of a matrix is one
output; ``y = W x``. Names of axes are those of Hugging Face's checkpoints, and so is the order of
rows of q and k (halves of a head are rotated).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.shape.config import LlamaConfig

Floats = NDArray[np.float32]


class Kind(IntEnum):
    """How a matrix's numbers are stored; the numbers are those of ``kernels/step/matrix.h``."""

    F32 = 0
    BF16 = 1
    Q8 = 2  # Q8_0: groups of 32 along the inputs, each with an F16 scale
    Q4 = 3  # Q4_0: likewise
    Q4_K = 4  # 256 inputs with F16 scale and minimum, 6 bits of each for every 32
    Q5_K = 5  # likewise
    Q6_K = 6  # 256 inputs with an F16 scale, 8 bits of it for every 16

    @property
    def dtype(self) -> str:
        """The stored type that holds the same numbers."""
        return _DTYPES[self]


_DTYPES: Final = ("F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K")


@dataclass(frozen=True, slots=True, eq=False)
class PackedMatrix:
    """A matrix in panels; ``panels`` has exactly the bytes that its kind and sizes need."""

    kind: Kind
    outputs: int
    inputs: int
    panels: NDArray[np.uint8]  # 64-byte aligned, C-contiguous, not writable


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """One layer. A fused matrix is one where its parts are of one kind, else some in a row.

    Outputs of the parts of ``qkv`` are, one after the other, q_dim + 2 * kv_dim: q, then k, then v;
    those of ``gate_up`` 2 * ffn_dim: gate, then up. A mixed file (Q4_K_M) has v in more bits.
    """

    attention_norm: Floats  # [dim]
    qkv: tuple[PackedMatrix, ...]
    o: PackedMatrix
    ffn_norm: Floats  # [dim]
    gate_up: tuple[PackedMatrix, ...]
    down: PackedMatrix


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A whole model. A tied head is the very object that the embeddings are."""

    config: LlamaConfig
    embeddings: PackedMatrix  # [vocab, dim]
    layers: tuple[LayerWeights, ...]
    final_norm: Floats  # [dim]
    head: PackedMatrix  # [vocab, dim]

    @property
    def size_bytes(self) -> int:
        """Bytes of all matrices, a tied head once; norms are small beside them."""
        matrices = [self.embeddings]
        for layer in self.layers:
            matrices += [*layer.qkv, layer.o, *layer.gate_up, layer.down]
        if self.head is not self.embeddings:
            matrices.append(self.head)
        return sum(matrix.panels.size for matrix in matrices)
