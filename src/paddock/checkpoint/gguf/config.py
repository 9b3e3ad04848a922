"""A Llama's shape in the metadata of a GGUF file: read from it, written into it.

Knows the keys (ggml, docs/gguf.md; llama-arch.cpp), not tensors. What another runtime would compute
differently (other scalings, experts, windows) is refused by name, never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel
from paddock.checkpoint.gguf.values import (
    Metadata,
    Value,
    ValueType,
    f32,
    integer_at,
    text_at,
    u32,
)
from paddock.checkpoint.shape.config import (
    MAX_CONTEXT,
    MAX_DIM,
    MAX_FFN_DIM,
    MAX_HEAD_DIM,
    MAX_HEADS,
    MAX_LAYERS,
    MAX_THETA,
    MAX_VOCAB,
    LlamaConfig,
    RopeScaling,
    head_dim_of,
)
from paddock.checkpoint.shape.experts import MAX_EXPERTS, Experts
from paddock.errors import shown

ARCHITECTURE = "general.architecture"
_LLAMA = "llama"
# What may stand here and change nothing; any other value asks for computation that no Llama does.
_NEUTRAL: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "llama.attention.causal": (True,),
        "llama.attention.sliding_window": (0,),
        "llama.embedding_length_out": (0,),
        "llama.expert_gating_func": (0, 1),  # softmax, which is what this architecture does
        "llama.expert_group_count": (0, 1),
        "llama.expert_group_used_count": (0, 1),
        "llama.expert_shared_count": (0,),
        "llama.expert_weights_norm": (True,),
        "llama.expert_weights_scale": (0.0, 1.0),
        "llama.nextn_predict_layers": (0,),
        "llama.rope.scale_linear": (0.0, 1.0),
        "llama.rope.scaling.alpha": (0.0, 1.0),
        "llama.rope.scaling.attn_factor": (0.0, 1.0),
        "llama.rope.scaling.factor": (0.0, 1.0),
        "llama.rope.scaling.type": ("none", "linear"),
    }
)


class WeightFacts(NamedTuple):
    """What only the tensors tell."""

    tied_embeddings: bool
    dtype: str
    scaling: RopeScaling | None


class TokenIds(NamedTuple):
    """The special tokens that stop or begin a text."""

    bos: int | None
    eos: tuple[int, ...]
    pad: int | None


def llama_fields(metadata: Metadata) -> dict[str, Any]:
    """The plain values of a Llama's metadata; another architecture is refused by its name."""
    architecture = text_at(metadata, ARCHITECTURE)
    if architecture != _LLAMA:
        raise UnsupportedModel(
            "not_llama",
            f"the architecture {shown(architecture)} is not Llama"
            if architecture
            else "the file names no architecture",
            hint="paddock runs Llama 1, 2, 3, 3.1, 3.2 and models of exactly their structure",
        )
    source = {key: _plain(value) for key, value in metadata.items() if key.startswith("llama.")}
    for key, neutral in _NEUTRAL.items():
        if key in source and source[key] not in neutral:
            raise UnsupportedModel("not_plain_llama", f"{key} is {shown(source[key])}")
    return source


def parse_config(metadata: Metadata, weights: WeightFacts, ids: TokenIds) -> LlamaConfig:
    """The shape that the metadata describes, with what the tensors and the tokenizer say."""
    source = llama_fields(metadata)
    dim = fields.integer(source, "llama.embedding_length", 1, MAX_DIM)
    heads = fields.integer(source, "llama.attention.head_count", 1, MAX_HEADS)
    layers = fields.integer(source, "llama.block_count", 1, MAX_LAYERS)
    ffn_dim = fields.integer(source, "llama.feed_forward_length", 1, MAX_FFN_DIM)
    return LlamaConfig(
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=fields.integer(
            source, "llama.attention.head_count_kv", 1, MAX_HEADS, default=heads
        ),
        head_dim=parse_head_dim(source),
        ffn_dim=ffn_dim,
        vocab_size=vocabulary_size(metadata),
        context=fields.integer(source, "llama.context_length", 1, MAX_CONTEXT),
        rope_theta=parse_theta(source),
        rope_scaling=weights.scaling,
        norm_eps=fields.number(
            source, "llama.attention.layer_norm_rms_epsilon", 1e-20, 0.1, default=1e-5
        ),
        tied_embeddings=weights.tied_embeddings,
        bos_id=ids.bos,
        eos_ids=ids.eos,
        pad_id=ids.pad,
        dtype=weights.dtype,
        experts=parse_experts(source, layers, ffn_dim),
    )


def parse_experts(source: Mapping[str, Any], layers: int, ffn_dim: int) -> Experts | None:
    """Mixtral's experts; a dense model has no such keys, or zeros."""
    values = dict(source)
    count = fields.integer(values, "llama.expert_count", 0, MAX_EXPERTS, default=0)
    chosen = fields.integer(
        values, "llama.expert_used_count", min(count, 1), MAX_EXPERTS, default=0
    )
    if not count and not chosen:
        return None
    width = fields.integer(values, "llama.expert_feed_forward_length", 0, MAX_FFN_DIM, default=0)
    return Experts(count, chosen, width or ffn_dim, tuple(range(layers)))


def parse_head_dim(source: Mapping[str, Any]) -> int:
    """Width of a head; the several keys that may say it must agree."""
    dim = fields.integer(dict(source), "llama.embedding_length", 1, MAX_DIM)
    heads = fields.integer(dict(source), "llama.attention.head_count", 1, MAX_HEADS)
    keys = ("attention.key_length", "attention.value_length", "rope.dimension_count")
    given = {
        key: fields.integer(dict(source), f"llama.{key}", 1, MAX_HEAD_DIM)
        for key in keys
        if f"llama.{key}" in source
    }
    if len(set(given.values())) > 1:
        said = ", ".join(f"llama.{key} {value}" for key, value in given.items())
        raise UnsupportedModel("head_dim", f"the heads have several widths: {said}")
    return next(iter(given.values()), None) or head_dim_of(dim, heads)


def parse_theta(source: Mapping[str, Any]) -> float:
    """The base of RoPE's frequencies."""
    return fields.number(dict(source), "llama.rope.freq_base", 1.0, MAX_THETA, default=10000.0)


def vocabulary_size(metadata: Metadata) -> int:
    """Number of embeddings: as the metadata say, else one per token."""
    tokens = metadata.get("tokenizer.ggml.tokens")
    count = len(tokens.item) if tokens and isinstance(tokens.item, tuple) else None
    said = integer_at(metadata, "llama.vocab_size")
    if said is not None and count is not None and said != count:
        raise BadConfig(
            "contradiction", f"llama.vocab_size is {said}, the tokenizer has {count} tokens"
        )
    size = count if said is None else said
    if size is None:
        raise BadConfig("missing_field", "the file has neither llama.vocab_size nor tokens")
    return fields.integer({"llama.vocab_size": size}, "llama.vocab_size", 1, MAX_VOCAB)


def parse_ids(metadata: Metadata, vocab_size: int, eos_names: Mapping[str, int]) -> TokenIds:
    """The special ids; ``eos_names`` are tokens whose text alone says that they end a turn."""

    def known(name: str) -> int | None:
        value = integer_at(metadata, f"tokenizer.ggml.{name}_token_id")
        return value if value is not None and 0 <= value < vocab_size else None

    is_sentencepiece = text_at(metadata, "tokenizer.ggml.model") == "llama"
    bos = known("bos") if known("bos") is not None or not is_sentencepiece else 1
    eos = known("eos") if known("eos") is not None or not is_sentencepiece else 2
    ends = {eos, known("eot"), known("eom"), *eos_names.values()} - {None}
    return TokenIds(bos, tuple(sorted(i for i in ends if i is not None)), known("padding"))


def render_config(config: LlamaConfig) -> dict[str, Value]:
    """The ``llama.`` keys, as llama.cpp's own converter writes them."""
    if config.llama4 is not None:
        raise UnsupportedModel(
            "llama4",
            "Llama 4 is not written as GGUF here",
            hint="llama.cpp's convert_hf_to_gguf.py writes it",
        )
    experts = {}
    if config.experts is not None:
        experts["llama.expert_count"] = u32(config.experts.count)
        experts["llama.expert_used_count"] = u32(config.experts.chosen)
    return experts | {
        "llama.block_count": u32(config.layers),
        "llama.context_length": u32(config.context),
        "llama.embedding_length": u32(config.dim),
        "llama.feed_forward_length": u32(config.ffn_dim),
        "llama.attention.head_count": u32(config.heads),
        "llama.attention.head_count_kv": u32(config.kv_heads),
        "llama.rope.freq_base": f32(config.rope_theta),
        "llama.attention.layer_norm_rms_epsilon": f32(config.norm_eps),
        "llama.attention.key_length": u32(config.head_dim),
        "llama.attention.value_length": u32(config.head_dim),
        "llama.vocab_size": u32(config.vocab_size),
        "llama.rope.dimension_count": u32(config.head_dim),
    }


def _plain(value: Value) -> Any:
    """A number or text; an array of equal numbers (one per layer) counts as the number."""
    item = value.item
    if isinstance(item, np.ndarray) and item.size and (item == item[0]).all():
        item = item[0].item()
    if isinstance(item, float) and value.type is ValueType.F32:
        return float(str(np.float32(item)))  # 1e-5, not its neighbour in float32
    return item if isinstance(item, bool | int | float | str) else None
