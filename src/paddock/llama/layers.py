"""The layers of a Llama: normalisation, attention with grouped queries, gated feed-forward.

Letters at the end of a tensor's name are its axes:
    B batch   T new positions   S seen positions (new ones included)   D model width
    N query heads   K key-value heads   H width of a head   F feed-forward width   V vocabulary
Knows one step of one layer. Does not know how positions and masks are made (``model``).
Module names are those of Hugging Face's files, so that a state dict is a checkpoint.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.llama.cache import KVCache
from paddock.llama.rope import rotate


class Step(NamedTuple):
    """What all layers share in one forward pass."""

    cos: Tensor  # [B, T, 1, H/2]
    sin: Tensor
    mask_BTS: Tensor | None  # True where a query may look; None = plain causal
    cache: KVCache | None


class RMSNorm(nn.Module):
    """Divide by the root mean square, in float32, then scale."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x_BTD: Tensor) -> Tensor:
        return normalised(x_BTD, self.weight, self.eps)


def normalised(x: Tensor, weight_D: Tensor, eps: float) -> Tensor:
    """The RMS norm of each row, whatever axes are before the last."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return weight_D * wide.to(x.dtype)


class Attention(nn.Module):
    """Self-attention in which N/K query heads share one key-value head."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.head_dim = config.head_dim
        queries = config.q_dim
        keys = config.kv_dim
        self.q_proj = nn.Linear(config.dim, queries, bias=False)
        self.k_proj = nn.Linear(config.dim, keys, bias=False)
        self.v_proj = nn.Linear(config.dim, keys, bias=False)
        self.o_proj = nn.Linear(queries, config.dim, bias=False)

    def forward(self, x_BTD: Tensor, step: Step) -> Tensor:
        heads = (*x_BTD.shape[:2], -1, self.head_dim)
        q_BTNH = rotate(self.q_proj(x_BTD).view(heads), step.cos, step.sin)
        k_BTKH = rotate(self.k_proj(x_BTD).view(heads), step.cos, step.sin)
        v_BTKH = self.v_proj(x_BTD).view(heads)
        k_BKSH, v_BKSH = k_BTKH.transpose(1, 2), v_BTKH.transpose(1, 2)
        if step.cache is not None:
            k_BKSH, v_BKSH = step.cache.extend(self.layer, k_BKSH, v_BKSH)
        mixed_BNTH = F.scaled_dot_product_attention(
            q_BTNH.transpose(1, 2),
            k_BKSH,
            v_BKSH,
            attn_mask=None if step.mask_BTS is None else step.mask_BTS[:, None],
            is_causal=step.mask_BTS is None and x_BTD.shape[1] > 1,
            enable_gqa=True,
        )
        out: Tensor = self.o_proj(mixed_BNTH.transpose(1, 2).flatten(2))
        return out


class FeedForward(nn.Module):
    """SwiGLU: one projection gates another."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.dim, config.ffn_dim, bias=False)
        self.up_proj = nn.Linear(config.dim, config.ffn_dim, bias=False)
        self.down_proj = nn.Linear(config.ffn_dim, config.dim, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return out


class Block(nn.Module):
    """Attention, then feed-forward, each after a norm and added to the stream."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x_BTD: Tensor, step: Step) -> Tensor:
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), step)
        out: Tensor = x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))
        return out
