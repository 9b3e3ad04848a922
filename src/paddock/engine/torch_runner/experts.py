"""A mixture of experts in place of a layer's feed-forward, over the flat tokens of a step.

Who computes what is ``paddock.llama.experts``'; here the experts are matrices in any kind. Adapters
change none of it (``engine.lora_folder`` refuses such).
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.torch_runner.weights import Mixture
from paddock.llama.experts import llama4_routes, mixed, mixed_of_weighted, mixtral_routes


def mixed_experts(
    mixture: Mixture, x_TD: Tensor, config: LlamaConfig, gated: Callable[[Tensor], Tensor]
) -> Tensor:
    """What the chosen experts make of each token, ``[T, D]``."""
    if config.experts is None:
        raise ValueError("the configuration knows no experts")

    def compute(expert: int, x_AD: Tensor) -> Tensor:
        chosen = mixture.experts[expert]
        return chosen.down.product(gated(chosen.gate_up.product(x_AD)))

    logits_TE, chosen = F.linear(x_TD, mixture.router), config.experts.chosen
    if config.llama4 is not None:
        return mixed_of_weighted(x_TD, llama4_routes(logits_TE, chosen), compute)
    return mixed(x_TD, mixtral_routes(logits_TE, chosen), compute)
