"""What the native runner's roundings do to a model, in NumPy: float64 but where the runner rounds.

Activations that enter a product are rounded to bfloat16, or to 8 bits in groups of 32 beside
quantised weights; keys, values, queries and chances to bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.native.angles import Angles

Doubles = NDArray[np.float64]
Rounding = Callable[[Doubles], Doubles]


def exact(x: Doubles) -> Doubles:
    return x


def to_bfloat16(x: Doubles) -> Doubles:
    bits = x.astype(np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32).astype(np.float64)


def to_groups(x: Doubles) -> Doubles:
    """127 steps to the largest of every 32."""
    groups = x.reshape(-1, 32)
    scale = np.maximum(np.abs(groups).max(-1, keepdims=True), 1e-30) / 127
    return (np.rint(groups / scale) * scale).reshape(x.shape)


def logits_of(
    config: LlamaConfig,
    weights: Mapping[str, Doubles],
    tokens: Sequence[int],
    activation: Rounding,
    cached: Rounding,
) -> Doubles:
    """After each of the tokens."""
    x_TD = weights["model.embed_tokens.weight"][list(tokens)]
    angles = Angles(config, len(tokens))
    angles.fill(len(tokens))
    for number in range(config.layers):

        def product(name: str, x: Doubles, at: str = f"model.layers.{number}.") -> Doubles:
            return activation(x) @ weights[at + name + ".weight"].T

        norm = weights[f"model.layers.{number}.input_layernorm.weight"]
        h_TD = _normalised(x_TD, norm, config.norm_eps)
        q, k, v = (
            product(f"self_attn.{name}_proj", h_TD).reshape(len(tokens), -1, config.head_dim)
            for name in "qkv"
        )
        mixed = _attention(_turned(q, angles), _turned(k, angles), v, cached)
        x_TD = x_TD + product("self_attn.o_proj", mixed)
        norm = weights[f"model.layers.{number}.post_attention_layernorm.weight"]
        h_TD = _normalised(x_TD, norm, config.norm_eps)
        gate = product("mlp.gate_proj", h_TD)
        x_TD = x_TD + product(
            "mlp.down_proj", gate / (1 + np.exp(-gate)) * product("mlp.up_proj", h_TD)
        )
    h_TD = _normalised(x_TD, weights["model.norm.weight"], config.norm_eps)
    head = "model.embed_tokens.weight" if config.tied_embeddings else "lm_head.weight"
    return activation(h_TD) @ weights[head].T


def _normalised(x_TD: Doubles, weight_D: Doubles, eps: float) -> Doubles:
    return x_TD / np.sqrt((x_TD**2).mean(-1, keepdims=True) + eps) * weight_D


def _turned(x_TNH: Doubles, angles: Angles) -> Doubles:
    cos, sin = angles.cos_PH[:, None], angles.sin_PH[:, None]
    first, second = np.split(x_TNH, 2, axis=-1)
    return np.concatenate((first * cos - second * sin, second * cos + first * sin), -1)


def _attention(q_TNH: Doubles, k_TKH: Doubles, v_TKH: Doubles, cached: Rounding) -> Doubles:
    tokens, heads, width = q_TNH.shape
    group = heads // k_TKH.shape[1]
    hidden = np.triu(np.full((tokens, tokens), -np.inf), 1)
    mixed = np.empty_like(q_TNH)
    for head in range(heads):
        k, v = cached(k_TKH[:, head // group]), cached(v_TKH[:, head // group])
        scores = cached(q_TNH[:, head]) @ k.T / np.sqrt(width) + hidden
        chances = np.exp(scores - scores.max(-1, keepdims=True))
        mixed[:, head] = cached(chances) @ v / chances.sum(-1, keepdims=True)
    return mixed.reshape(tokens, -1)
