"""The tensors of one layer's feed-forward: three matrices, or a router and its experts.

Knows names within a layer, and shapes; touches no file. A matrix is always told as [out, in],
whatever the files keep: Mixtral has three for each expert, Llama 4 all experts' in two tensors
[experts, in, out], and beside them an expert that computes every token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.shape.fused_experts import transposed
from paddock.checkpoint.tensors import Tensor

MIXTRAL_ROUTER = "block_sparse_moe.gate.weight"
FUSED_GATE_UP = "feed_forward.experts.gate_up_proj"
FUSED_DOWN = "feed_forward.experts.down_proj"
_LLAMA4_ROUTER = "feed_forward.router.weight"
_PARTS = ("gate_proj", "down_proj", "up_proj")

Shape = tuple[int, ...]


class Gated(NamedTuple):
    """A gated feed-forward, or one expert: gate and up, one tensor or two, and down."""

    gate_up: tuple[Tensor, ...]
    down: Tensor


class Mixture(NamedTuple):
    """A router [experts, dim] and what it chooses from, in the order of its rows."""

    router: Tensor
    experts: tuple[Gated, ...]


def feed_forward_shapes(config: LlamaConfig, layer: int) -> dict[str, Shape]:
    """The feed-forward's tensors, by their names within the layer."""
    experts, dim = config.experts, config.dim
    if experts is None or layer not in experts.layers:
        place = "mlp" if config.llama4 is None else "feed_forward"
        return _gated_shapes(place, dim, config.ffn_dim)
    if config.llama4 is not None:
        fused = {
            _LLAMA4_ROUTER: (experts.count, dim),
            FUSED_GATE_UP: (experts.count, dim, 2 * experts.ffn_dim),
            FUSED_DOWN: (experts.count, experts.ffn_dim, dim),
        }
        return fused | _gated_shapes("feed_forward.shared_expert", dim, experts.ffn_dim)
    shapes: dict[str, Shape] = {MIXTRAL_ROUTER: (experts.count, dim)}
    for expert in range(experts.count):
        w1, w2, w3 = _mixtral_names(expert)
        shapes |= {w1: (experts.ffn_dim, dim), w2: (dim, experts.ffn_dim)}
        shapes[w3] = (experts.ffn_dim, dim)
    return shapes


def gated_of(config: LlamaConfig, tensors: Mapping[str, Tensor], layer: int) -> Gated | None:
    """What computes every token of a layer; ``tensors`` by whole names. None: experts alone do."""
    place = "mlp" if config.llama4 is None else "feed_forward"
    if config.experts is not None and layer in config.experts.layers:
        if config.llama4 is None:
            return None
        place = "feed_forward.shared_expert"
    at = f"model.layers.{layer}.{place}"
    gate, down, up = (tensors[f"{at}.{part}.weight"] for part in _PARTS)
    return Gated((gate, up), down)


def mixture_of(config: LlamaConfig, tensors: Mapping[str, Tensor], layer: int) -> Mixture | None:
    """The mixture of experts of a layer, None where it has none; ``tensors`` by whole names."""
    experts, at = config.experts, f"model.layers.{layer}."
    if experts is None or layer not in experts.layers:
        return None
    if config.llama4 is not None:
        return _fused_mixture(tensors, at, experts)
    found = []
    for expert in range(experts.count):
        w1, w2, w3 = (tensors[at + name] for name in _mixtral_names(expert))
        found.append(Gated((w1, w3), w2))
    return Mixture(tensors[at + MIXTRAL_ROUTER], tuple(found))


def _fused_mixture(tensors: Mapping[str, Tensor], at: str, experts: Experts) -> Mixture:
    gate_up, down = tensors[at + FUSED_GATE_UP], tensors[at + FUSED_DOWN]
    found = (
        Gated((transposed(gate_up, expert),), transposed(down, expert))
        for expert in range(experts.count)
    )
    return Mixture(tensors[at + _LLAMA4_ROUTER], tuple(found))


def _gated_shapes(place: str, dim: int, wide: int) -> dict[str, Shape]:
    gate, down, up = (f"{place}.{part}.weight" for part in _PARTS)
    return {gate: (wide, dim), down: (dim, wide), up: (wide, dim)}


def _mixtral_names(expert: int) -> tuple[str, str, str]:
    """Gate, down and up, as Mixtral calls them."""
    w1, w2, w3 = (f"block_sparse_moe.experts.{expert}.w{n}.weight" for n in (1, 2, 3))
    return w1, w2, w3
