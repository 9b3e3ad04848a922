"""Where layers, experts and routers are in a checkpoint, by its configuration and its names.

Knows the names that Hugging Face's Llama, Mixtral, Qwen, OLMoE, DeepSeek, Jamba, Llama 4 and
gpt-oss checkpoints have in common; does not need to be able to run them. Pure: a config.json and
names with shapes in, values out. What is not recognised has no layers or experts here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Only the language model's own stack: a vision tower has layers, too.
_LAYER = re.compile(r"((?:model\.|language_model\.)*layers)\.(\d{1,6})\.(.+)")
_EXPERT = re.compile(r"(mlp|block_sparse_moe|feed_forward)\.experts\.(\d{1,6})\.(.+)")
_FUSED = re.compile(r"(mlp|block_sparse_moe|feed_forward)\.experts\.([A-Za-z_].*)")
_ROUTER = re.compile(r"(mlp|block_sparse_moe|feed_forward)\.(?:gate|router)(?:\..+)?")

LAYERS_KEY = "num_hidden_layers"
EXPERTS_KEYS = ("num_local_experts", "num_experts", "n_routed_experts")
CHOSEN_KEYS = ("num_experts_per_tok", "experts_per_token", "num_experts_per_token")
DEFAULT_RANGE = 0.02  # what transformers assumes where a config has no initializer_range
MAX_LAYERS = 100_000


class TensorShape(NamedTuple):
    """A tensor as its header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class LayerName(NamedTuple):
    """A tensor's name, taken apart."""

    stack: str  # model.layers
    layer: int
    rest: str  # mlp.up_proj.weight

    def moved(self, layer: int) -> str:
        """The name in another place of the stack."""
        return f"{self.stack}.{layer}.{self.rest}"


@dataclass(slots=True)
class Experts:
    """The experts of one layer: tensors of their own, or rows of fused ones."""

    own: dict[int, list[str]] = field(default_factory=dict)  # expert: its tensors
    fused: list[str] = field(default_factory=list)
    router: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the rules need to know of a model."""

    config: Mapping[str, Any]
    tensors: Mapping[str, TensorShape]
    layers: Mapping[int, tuple[str, ...]]  # the tensors of each layer
    experts: Mapping[int, Experts]  # of the layers that have some

    @property
    def section(self) -> str | None:
        """The key under which the language model's settings are, where they are nested."""
        nested = self.config.get("text_config")
        is_nested = LAYERS_KEY not in self.config and isinstance(nested, dict)
        return "text_config" if is_nested else None

    @property
    def settings(self) -> Mapping[str, Any]:
        """The language model's part of the configuration."""
        return self.config if self.section is None else self.config[self.section]

    @property
    def is_tied(self) -> bool:
        """Whether the embeddings serve as the head."""
        return any(each.get("tie_word_embeddings") is True for each in (self.config, self.settings))

    @property
    def initializer_range(self) -> float:
        """The standard deviation of fresh weights."""
        value = self.settings.get("initializer_range")
        usable = type(value) in (int, float) and 0 < float(value or 0) <= 1
        return float(value) if usable and value is not None else DEFAULT_RANGE

    @property
    def expert_count(self) -> int | None:
        """How many experts a layer has, as the configuration says."""
        counts = {self.settings.get(key) for key in self.expert_keys}
        return counts.pop() if len(counts) == 1 else None

    @property
    def expert_keys(self) -> list[str]:
        """The settings that count experts."""
        return [key for key in EXPERTS_KEYS if type(self.settings.get(key)) is int]


def architecture_of(config: Mapping[str, Any], tensors: Iterable[TensorShape]) -> Architecture:
    """Layers and experts by name."""
    by_name = {tensor.name: tensor for tensor in tensors}
    layers: dict[int, list[str]] = {}
    experts: dict[int, Experts] = {}
    for name in by_name:
        if (found := layer_of(name)) is not None:
            layers.setdefault(found.layer, []).append(name)
            _note_expert(name, found, experts)
    with_experts = {layer: e for layer, e in sorted(experts.items()) if e.own or e.fused}
    return Architecture(
        config, by_name, {n: tuple(names) for n, names in sorted(layers.items())}, with_experts
    )


def layer_of(name: str) -> LayerName | None:
    """Which layer a tensor belongs to, or None."""
    found = _LAYER.fullmatch(name)
    if found is None or int(found[2]) >= MAX_LAYERS or str(int(found[2])) != found[2]:
        return None
    return LayerName(found[1], int(found[2]), found[3])


def expert_moved(name: str, expert: int) -> str:
    """The name of an expert's tensor under another number."""
    found = layer_of(name)
    own = _EXPERT.fullmatch(found.rest) if found else None
    if found is None or own is None:
        raise ValueError(f"{name} belongs to no expert")
    return f"{found.stack}.{found.layer}.{own[1]}.experts.{expert}.{own[3]}"


def _note_expert(name: str, found: LayerName, experts: dict[int, Experts]) -> None:
    here = experts.setdefault(found.layer, Experts())
    if (own := _EXPERT.fullmatch(found.rest)) is not None:
        here.own.setdefault(int(own[2]), []).append(name)
    elif _FUSED.fullmatch(found.rest):
        here.fused.append(name)
    elif _ROUTER.fullmatch(found.rest):
        here.router.append(name)
