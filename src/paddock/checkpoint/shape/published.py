"""The shapes that Meta published, by name.

A table and nothing else: no file is read here. Where a checkpoint does not say its context length
(Meta's ``params.json`` never does), the table does.
"""

from __future__ import annotations

from dataclasses import replace

from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling

LLAMA3_BOS_ID, LLAMA3_EOS_ID = 128000, 128001

_LLAMA1_7B = LlamaConfig(
    dim=4096,
    layers=32,
    heads=32,
    kv_heads=32,
    head_dim=128,
    ffn_dim=11008,
    vocab_size=32000,
    context=2048,
    norm_eps=1e-6,
    dtype="float16",
)
_LLAMA1_13B = replace(_LLAMA1_7B, dim=5120, layers=40, heads=40, kv_heads=40, ffn_dim=13824)
_LLAMA1_33B = replace(_LLAMA1_7B, dim=6656, layers=60, heads=52, kv_heads=52, ffn_dim=17920)
_LLAMA1_65B = replace(
    _LLAMA1_7B, dim=8192, layers=80, heads=64, kv_heads=64, ffn_dim=22016, norm_eps=1e-5
)
_LLAMA2_7B = replace(_LLAMA1_7B, context=4096, norm_eps=1e-5, dtype="bfloat16")
_LLAMA3_8B = LlamaConfig(
    dim=4096,
    layers=32,
    heads=32,
    kv_heads=8,
    head_dim=128,
    ffn_dim=14336,
    vocab_size=128256,
    context=8192,
    rope_theta=500000.0,
    bos_id=LLAMA3_BOS_ID,
    eos_ids=(LLAMA3_EOS_ID,),
)
_LLAMA3_70B = replace(_LLAMA3_8B, dim=8192, layers=80, heads=64, ffn_dim=28672)
_SCALING_3_1 = RopeScaling(8.0, 1.0, 4.0, 8192)
_LLAMA3_1_8B = replace(_LLAMA3_8B, context=131072, rope_scaling=_SCALING_3_1)
_LLAMA3_2_1B = replace(
    _LLAMA3_1_8B,
    dim=2048,
    layers=16,
    head_dim=64,
    ffn_dim=8192,
    rope_scaling=replace(_SCALING_3_1, factor=32.0),
    tied_embeddings=True,
)

PUBLISHED: dict[str, LlamaConfig] = {
    "llama-1-7b": _LLAMA1_7B,
    "llama-1-13b": _LLAMA1_13B,
    "llama-1-33b": _LLAMA1_33B,
    "llama-1-65b": _LLAMA1_65B,
    "llama-2-7b": _LLAMA2_7B,
    "llama-2-13b": replace(_LLAMA2_7B, dim=5120, layers=40, heads=40, kv_heads=40, ffn_dim=13824),
    "llama-2-70b": replace(_LLAMA2_7B, dim=8192, layers=80, heads=64, kv_heads=8, ffn_dim=28672),
    "llama-3-8b": _LLAMA3_8B,
    "llama-3-70b": _LLAMA3_70B,
    "llama-3.1-8b": _LLAMA3_1_8B,
    "llama-3.1-70b": replace(_LLAMA3_70B, context=131072, rope_scaling=_SCALING_3_1),
    "llama-3.1-405b": replace(_LLAMA3_1_8B, dim=16384, layers=126, heads=128, ffn_dim=53248),
    "llama-3.2-1b": _LLAMA3_2_1B,
    "llama-3.2-3b": replace(_LLAMA3_2_1B, dim=3072, layers=28, heads=24, head_dim=128),
}


def published_name(config: LlamaConfig) -> str | None:
    """The published model that has this shape, or None."""
    for name, shape in PUBLISHED.items():
        if _outline(shape) == _outline(config):
            return name
    return None


def _outline(config: LlamaConfig) -> tuple[object, ...]:
    scaling = config.rope_scaling.factor if config.rope_scaling else None
    sizes = (config.dim, config.layers, config.heads, config.kv_heads, config.ffn_dim)
    return (
        *sizes,
        config.vocab_size,
        config.rope_theta,
        scaling,
        config.norm_eps,
        config.experts,
    )
