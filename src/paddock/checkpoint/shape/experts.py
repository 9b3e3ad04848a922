"""Mixtures of experts: how many there are, how many each token is sent to, and in which layers.

Knows how ``config.json`` of Mixtral spells it; does not know the rest of the model. An ``Experts``
that exists is possible: a router never has to choose more experts than there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel

MAX_EXPERTS = 512  # of a layer: four times the most that was published with this structure
MAX_ALL_EXPERTS = 1 << 14  # of all layers; each is named when shapes are compared
MAX_EXPERT_DIM = 1 << 20


@dataclass(frozen=True, slots=True)
class Experts:
    """The experts of a model; ``layers`` are the numbers of those that have some, in order."""

    count: int
    chosen: int  # experts that compute each token
    ffn_dim: int  # width of one
    layers: tuple[int, ...]

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in ("count", "chosen", "ffn_dim")}
        fields.integer(values, "count", 1, MAX_EXPERTS)
        fields.integer(values, "ffn_dim", 1, MAX_EXPERT_DIM)
        if fields.integer(values, "chosen", 1, MAX_EXPERTS) > self.count:
            raise BadConfig(
                "contradiction",
                f"every token is sent to {self.chosen} experts, and there are {self.count}",
            )
        if self.count * len(self.layers) > MAX_ALL_EXPERTS:
            raise BadConfig(
                "out_of_range",
                f"{self.count} experts in {len(self.layers)} layers are over {MAX_ALL_EXPERTS}",
            )


def parse_mixtral(source: dict[str, Any], layers: int, ffn_dim: int) -> Experts:
    """The experts of a Mixtral: the same number in every layer, each as wide as it says."""
    window = fields.optional_integer(source, "sliding_window", 1, 1 << 62)
    context = source.get("max_position_embeddings")
    if window is not None and not (type(context) is int and context <= window):
        raise UnsupportedModel(
            "sliding_window",
            f"attention sees {window} tokens only (sliding_window); no published Mixtral's does",
        )
    return Experts(
        count=fields.integer(source, "num_local_experts", 1, MAX_EXPERTS, default=8),
        chosen=fields.integer(source, "num_experts_per_tok", 1, MAX_EXPERTS, default=2),
        ffn_dim=ffn_dim,
        layers=tuple(range(layers)),
    )
