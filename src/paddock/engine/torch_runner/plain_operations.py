"""What happens between a layer's products, in plain torch on any device.

The reference for ``fused_operations``, and what runs on a CPU. Each sequence attends on its own, so
that its result does not depend on the others. Letters as in ``paddock.llama.layers`` and ``batch``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from paddock.engine.torch_runner.batch import Batch, gathered
from paddock.llama.layers import normalised
from paddock.llama.rope import rotate


class PlainOperations:
    """Implements ``layers.Operations``."""

    capturable = False

    def add_and_normalise(
        self, x_TD: Tensor, added_TD: Tensor | None, weight_D: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """The stream with something added, and what its norm is."""
        if added_TD is not None:
            x_TD = x_TD + added_TD
        return x_TD, normalised(x_TD, weight_D, eps)

    def place(self, qkv_TO: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor:
        """Rotates, writes new keys and values to their slots, and gives the queries [T, N, H]."""
        kv_heads, width = keys.shape[1:]
        heads_TNH = qkv_TO.view(len(qkv_TO), -1, width)
        turned_TNH = rotate(heads_TNH[:, :-kv_heads], batch.cos, batch.sin)
        keys[batch.slots_T] = turned_TNH[:, -kv_heads:]
        values[batch.slots_T] = heads_TNH[:, -kv_heads:]
        return turned_TNH[:, :-kv_heads]

    def attend(self, q_TNH: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor:
        """Each query's mixture of the values up to its own position, ``[T, N * H]``."""
        mixed_TNH = torch.empty_like(q_TNH)
        for sequence, (first, end, length) in enumerate(batch.spans()):
            blocks = batch.tables_SB[sequence]
            mixed_TNH[first:end] = _attend_one(
                q_TNH[first:end], gathered(keys, blocks, length), gathered(values, blocks, length)
            )
        return mixed_TNH.flatten(1)

    def gated(self, gate_up_TF: Tensor) -> Tensor:
        """SwiGLU: the first half gates the second."""
        gate_TF, up_TF = gate_up_TF.chunk(2, dim=1)
        return F.silu(gate_TF) * up_TF


def _attend_one(q_TNH: Tensor, k_SKH: Tensor, v_SKH: Tensor) -> Tensor:
    new, seen = len(q_TNH), len(k_SKH)
    mask_TS = None
    if 1 < new < seen:
        mask_TS = torch.ones(new, seen, dtype=torch.bool, device=q_TNH.device).tril(seen - new)
    mixed_1NTH = F.scaled_dot_product_attention(
        q_TNH.transpose(0, 1)[None],
        k_SKH.transpose(0, 1)[None],
        v_SKH.transpose(0, 1)[None],
        attn_mask=mask_TS,
        is_causal=1 < new == seen,
        enable_gqa=True,
    )
    return mixed_1NTH[0].transpose(0, 1)
