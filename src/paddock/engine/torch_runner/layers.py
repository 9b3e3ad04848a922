"""One step through all layers: tokens of many sequences in, states of the wanted ones out.

The model is that of ``paddock.llama.layers``, over flat tokens [T, D] instead of a padded batch,
with fused projections and a paged cache. Knows no device: what happens between products is
``Operations``', of which there are two.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from paddock.engine.torch_runner.batch import Batch, Cache
from paddock.engine.torch_runner.experts import mixed_experts
from paddock.engine.torch_runner.llama4 import attended
from paddock.engine.torch_runner.low_rank import Adapted, Fused
from paddock.engine.torch_runner.weights import Weights


class Operations(Protocol):
    """What happens between a layer's products; see ``plain_operations`` for what each means."""

    @property
    def capturable(self) -> bool:
        """Whether nothing comes back to Python, so that a GPU's step can be captured."""

    def add_and_normalise(
        self, x_TD: Tensor, added_TD: Tensor | None, weight_D: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]: ...

    def place(self, qkv_TO: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor: ...

    def attend(self, q_TNH: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor: ...

    def gated(self, gate_up_TF: Tensor) -> Tensor: ...


def final_states(
    weights: Weights, batch: Batch, cache: Cache, operations: Operations, adapted: Adapted
) -> Tensor:
    """The final, normalised states of the wanted rows, ``[R, D]``."""
    eps = weights.config.norm_eps
    x_TD, added_TD = weights.embeddings.rows(batch.tokens_T), None
    for layer, matrices in enumerate(weights.layers):
        keys, values = cache.keys[layer], cache.values[layer]
        x_TD, normal_TD = operations.add_and_normalise(x_TD, added_TD, matrices.attention_norm, eps)
        qkv_TO = adapted.product(matrices.qkv, normal_TD, layer, Fused.QKV)
        if weights.config.llama4 is not None:
            mixed_TO = attended(qkv_TO, batch, (keys, values), weights.config, layer)
        else:
            q_TNH = operations.place(qkv_TO, batch, keys, values)
            mixed_TO = operations.attend(q_TNH, batch, keys, values)
        added_TD = adapted.product(matrices.o, mixed_TO, layer, Fused.O)
        x_TD, normal_TD = operations.add_and_normalise(x_TD, added_TD, matrices.ffn_norm, eps)
        added_TD = None
        if matrices.gated is not None:
            gate_up_TF = adapted.product(matrices.gated.gate_up, normal_TD, layer, Fused.GATE_UP)
            gated_TF = operations.gated(gate_up_TF)
            added_TD = adapted.product(matrices.gated.down, gated_TF, layer, Fused.DOWN)
        if matrices.mixture is not None:
            chosen_TD = mixed_experts(matrices.mixture, normal_TD, weights.config, operations.gated)
            added_TD = chosen_TD if added_TD is None else added_TD + chosen_TD
    wanted_R = batch.wanted_R
    added_RD = None if added_TD is None else added_TD[wanted_R]
    return operations.add_and_normalise(x_TD[wanted_R], added_RD, weights.final_norm, eps)[1]
