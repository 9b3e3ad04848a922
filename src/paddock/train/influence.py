"""How much each layer of a model does: how far its output points away from its input.

Block influence of Men et al. 2024 ("ShortGPT", equation 1): one minus the cosine between a token's
hidden state before and after the layer, a mean over tokens. Memory holds one layer and the states.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch.nn.functional import cosine_similarity

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor as StoredTensor
from paddock.train.streams import embedded, layer_of, step_of, through


@torch.no_grad()
def block_influence(
    config: LlamaConfig, tensors: Mapping[str, StoredTensor], tokens_ST: NDArray[Any]
) -> list[float]:
    """One figure for each layer, in order; 0 is a layer that does nothing."""
    tokens = torch.from_numpy(tokens_ST)
    step = step_of(config, tokens.shape[1])
    states_STD, found = embedded(tensors, tokens), []
    for layer in range(config.layers):
        after_STD = through(layer_of(config, tensors, layer), states_STD, step)
        alike = cosine_similarity(states_STD.double(), after_STD.double(), dim=-1)
        found.append(float(1 - alike.mean()))
        states_STD = after_STD
    return found
