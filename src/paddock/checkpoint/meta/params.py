"""Meta's ``params.json``: what it says, what the weights say, and what neither does.

The file gives no FFN size, often no vocabulary size and never a context length: the first two come
from the weights, the last from the published table. Touches no file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel
from paddock.checkpoint.shape.config import (
    MAX_DIM,
    MAX_FFN_DIM,
    MAX_HEADS,
    MAX_LAYERS,
    MAX_THETA,
    MAX_VOCAB,
    LlamaConfig,
    RopeScaling,
    head_dim_of,
)
from paddock.checkpoint.shape.published import (
    LLAMA3_BOS_ID,
    LLAMA3_EOS_ID,
    PUBLISHED,
    published_name,
)

LLAMA3_VOCAB = 128256
_EOM_ID, _EOT_ID = 128008, 128009
_LONG_FACTOR, _FACTOR = 32.0, 8.0  # Llama 3.2's and 3.1's; params.json has only a switch
_ORIGINAL_CONTEXT = 8192
_UNSUPPORTED = {
    "quantization_args": "its weights are quantised",
    "lora_args": "it is an adapter",
    "moe_args": "it is a mixture of experts (Llama 4)",
    "vision_num_cross_attention_layers": "it reads images",
    "vision_args": "it reads images",
}


class WeightFacts(NamedTuple):
    """What only the weights tell."""

    vocab_size: int
    ffn_dim: int
    tied_embeddings: bool
    dtype: str


def parse_params(source: dict[str, Any], weights: WeightFacts) -> LlamaConfig:
    """The configuration of a model in Meta's layout."""
    for key, why in _UNSUPPORTED.items():
        if source.get(key):
            raise UnsupportedModel("not_plain_llama", f"params.json has {key}: {why}")
    dim = fields.integer(source, "dim", 1, MAX_DIM)
    heads = fields.integer(source, "n_heads", 1, MAX_HEADS)
    vocab = fields.integer(source, "vocab_size", -1, MAX_VOCAB, default=-1)
    if vocab not in (-1, weights.vocab_size):
        raise BadConfig(
            "contradiction",
            f"params.json says vocab_size {vocab}, the embeddings have {weights.vocab_size} rows",
        )
    _check_ffn_dim(source, dim, weights.ffn_dim)
    is_llama_3 = weights.vocab_size == LLAMA3_VOCAB
    layers = fields.integer(source, "n_layers", 1, MAX_LAYERS)
    scaling = _parse_scaling(source, dim, layers)
    config = LlamaConfig(
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=fields.integer(source, "n_kv_heads", 1, MAX_HEADS, default=heads),
        head_dim=head_dim_of(dim, heads),
        ffn_dim=weights.ffn_dim,
        vocab_size=weights.vocab_size,
        context=1,
        rope_theta=fields.number(source, "rope_theta", 1.0, MAX_THETA, default=10000.0),
        rope_scaling=scaling,
        norm_eps=fields.number(source, "norm_eps", 1e-20, 0.1, default=1e-5),
        tied_embeddings=weights.tied_embeddings,
        bos_id=LLAMA3_BOS_ID if is_llama_3 else 1,
        eos_ids=_llama3_eos_ids(scaling) if is_llama_3 else (2,),
        dtype=weights.dtype,
    )
    return replace(config, context=_context(source, config))


def ffn_dim(dim: int, multiplier: float | None, multiple_of: int) -> int:
    """The FFN size that Meta's code computes (llama-models, llama3/model.py, FeedForward)."""
    hidden = int(2 * (4 * dim) / 3)
    if multiplier is not None:
        hidden = int(multiplier * hidden)
    return multiple_of * ((hidden + multiple_of - 1) // multiple_of)


def _check_ffn_dim(source: dict[str, Any], dim: int, actual: int) -> None:
    if source.get("multiple_of") is None:
        return
    multiple_of = fields.integer(source, "multiple_of", 1, MAX_FFN_DIM)
    multiplier = None
    if source.get("ffn_dim_multiplier") is not None:
        multiplier = fields.number(source, "ffn_dim_multiplier", 0.01, 100.0)
    computed = ffn_dim(dim, multiplier, multiple_of)
    if computed != actual:
        raise BadConfig(
            "contradiction", f"params.json implies an FFN of {computed}, the weights have {actual}"
        )


def _parse_scaling(source: dict[str, Any], dim: int, layers: int) -> RopeScaling | None:
    if not fields.boolean(source, "use_scaled_rope", False):
        return None
    small = {(PUBLISHED[n].dim, PUBLISHED[n].layers) for n in ("llama-3.2-1b", "llama-3.2-3b")}
    default = _LONG_FACTOR if (dim, layers) in small else _FACTOR
    return RopeScaling(
        factor=fields.number(source, "rope_scaling_factor", 1.0, 1e6, default=default),
        low_freq_factor=1.0,
        high_freq_factor=fields.number(source, "rope_high_freq_factor", 1.0, 1e6, default=4.0),
        original_context=_ORIGINAL_CONTEXT,
    )


def _llama3_eos_ids(scaling: RopeScaling | None) -> tuple[int, ...]:
    """End of text, and of a turn: base models never say the latter, instructed ones must."""
    return (LLAMA3_EOS_ID, _EOM_ID, _EOT_ID) if scaling else (LLAMA3_EOS_ID, _EOT_ID)


def _context(source: dict[str, Any], config: LlamaConfig) -> int:
    given = fields.optional_integer(source, "max_seq_len", 1, 1 << 28)
    if given is not None:
        return given
    name = published_name(config)
    if name is not None:
        return PUBLISHED[name].context
    if config.rope_scaling:
        return 131072
    return 8192 if config.rope_theta > 10000.0 else 2048
