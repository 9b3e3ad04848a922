"""What sets the attention of Llama 4 apart, and which of its layers have experts.

Knows how ``config.json`` spells it; does not know the rest of the model. Layers with positions see
one chunk of the text each; layers without see all of it, and their queries grow with the distance.
A setting that would place these kinds of layers otherwise is refused, never ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel
from paddock.checkpoint.shape.experts import MAX_EXPERTS, Experts
from paddock.errors import shown

MAX_CHUNK = 1 << 28  # tokens
_EXPERT_DIM = 8192  # transformers' default


@dataclass(frozen=True, slots=True)
class Temperature:
    """How queries of layers without positions grow: by ``scale`` for each ``floor`` tokens, log."""

    floor: int
    scale: float

    def __post_init__(self) -> None:
        values = {"floor_scale": self.floor, "attn_scale": self.scale}
        fields.integer(values, "floor_scale", 1, MAX_CHUNK)
        fields.number(values, "attn_scale", 0.0, 1e3)


@dataclass(frozen=True, slots=True)
class Llama4:
    """``without_positions`` are the numbers of the layers that have no RoPE, in order."""

    without_positions: tuple[int, ...]
    chunk: int  # tokens that the other layers see at once
    qk_norm: bool  # of the other layers
    temperature: Temperature | None

    def __post_init__(self) -> None:
        fields.integer({"attention_chunk_size": self.chunk}, "attention_chunk_size", 1, MAX_CHUNK)


def parse_llama4(source: dict[str, Any], layers: int) -> Llama4:
    """The attention that a configuration describes."""
    rope = _flags(source, layers)
    without = tuple(layer for layer, has_rope in enumerate(rope) if not has_rope)
    kinds = ["chunked_attention" if has_rope else "full_attention" for has_rope in rope]
    if source.get("layer_types") not in (None, kinds):
        raise UnsupportedModel(
            "layer_types",
            "layer_types says other layers see a chunk than those that no_rope_layers gives RoPE",
        )
    tuned = fields.boolean(source, "attn_temperature_tuning", True)
    floor = fields.integer(source, "floor_scale", 1, MAX_CHUNK, default=8192)
    scale = fields.number(source, "attn_scale", 0.0, 1e3, default=0.1)
    return Llama4(
        without_positions=without,
        chunk=fields.integer(source, "attention_chunk_size", 1, MAX_CHUNK, default=8192),
        qk_norm=fields.boolean(source, "use_qk_norm", True),
        temperature=Temperature(floor, scale) if tuned else None,
    )


def parse_experts(source: dict[str, Any], layers: int) -> Experts | None:
    """The experts, None where no layer has some."""
    where = _layers_with_experts(source, layers)
    if not where:
        return None
    return Experts(
        count=fields.integer(source, "num_local_experts", 1, MAX_EXPERTS, default=16),
        chosen=fields.integer(source, "num_experts_per_tok", 1, MAX_EXPERTS, default=1),
        ffn_dim=fields.integer(source, "intermediate_size", 1, 1 << 20, default=_EXPERT_DIM),
        layers=where,
    )


def settings_of(llama4: Llama4, layers: int) -> dict[str, Any]:
    """The keys of ``config.json`` that say the same."""
    tuned = llama4.temperature or Temperature(8192, 0.1)
    without = set(llama4.without_positions)
    return {
        "attention_chunk_size": llama4.chunk,
        "attn_scale": tuned.scale,
        "attn_temperature_tuning": llama4.temperature is not None,
        "floor_scale": tuned.floor,
        "no_rope_layers": [int(layer not in without) for layer in range(layers)],
        "use_qk_norm": llama4.qk_norm,
    }


def _flags(source: dict[str, Any], layers: int) -> list[bool]:
    """Whether each layer has positions; an empty list counts as none, as in transformers."""
    given = source.get("no_rope_layers") or None
    if given is None:
        every = fields.integer(source, "no_rope_layer_interval", 1, 1 << 20, default=4)
        return [(layer + 1) % every != 0 for layer in range(layers)]
    if not isinstance(given, list) or not all(
        type(each) is int and each in (0, 1) for each in given
    ):
        raise fields.wrong_type("no_rope_layers", given, "a list of 0 and 1")
    if len(given) != layers:
        raise BadConfig("contradiction", f"no_rope_layers names {len(given)} of {layers} layers")
    return [bool(each) for each in given]


def _layers_with_experts(source: dict[str, Any], layers: int) -> tuple[int, ...]:
    given = source.get("moe_layers")
    if given is None:
        step = fields.integer(source, "interleave_moe_layer_step", 1, 1 << 20, default=1)
        return tuple(range(step - 1, layers, step))
    if not isinstance(given, list) or not all(type(each) is int for each in given):
        raise fields.wrong_type("moe_layers", given, "a list of whole numbers")
    if given != sorted(set(given)) or any(not 0 <= each < layers for each in given):
        raise BadConfig(
            "out_of_range", f"moe_layers is {shown(given)}: no rising numbers of {layers} layers"
        )
    return tuple(given)
