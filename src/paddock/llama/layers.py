"""The layers of a Llama: normalisation, attention with grouped queries, gated feed-forward.

Mixtures of experts in its place are in ``experts``.
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
from paddock.llama.experts import FeedForward, Llama4Mixture, MixtralMixture
from paddock.llama.llama4 import Chunks, has_positions, placed
from paddock.llama.rope import rotate


class Step(NamedTuple):
    """What all layers share in one forward pass."""

    cos: Tensor  # [B, T, 1, H/2]
    sin: Tensor
    mask_BTS: Tensor | None  # True where a query may look; None = plain causal
    cache: KVCache | None
    chunks: Chunks | None = None  # Llama 4's


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
        self.config = config
        self.head_dim = config.head_dim
        queries = config.q_dim
        keys = config.kv_dim
        self.q_proj = nn.Linear(config.dim, queries, bias=False)
        self.k_proj = nn.Linear(config.dim, keys, bias=False)
        self.v_proj = nn.Linear(config.dim, keys, bias=False)
        self.o_proj = nn.Linear(queries, config.dim, bias=False)

    def forward(self, x_BTD: Tensor, step: Step) -> Tensor:
        heads = (*x_BTD.shape[:2], -1, self.head_dim)
        q_BTNH, k_BTKH, mask_BTS = self._placed(
            self.q_proj(x_BTD).view(heads), self.k_proj(x_BTD).view(heads), step
        )
        v_BTKH = self.v_proj(x_BTD).view(heads)
        k_BKSH, v_BKSH = k_BTKH.transpose(1, 2), v_BTKH.transpose(1, 2)
        if step.cache is not None:
            k_BKSH, v_BKSH = step.cache.extend(self.layer, k_BKSH, v_BKSH)
        mixed_BNTH = F.scaled_dot_product_attention(
            q_BTNH.transpose(1, 2),
            k_BKSH,
            v_BKSH,
            attn_mask=None if mask_BTS is None else mask_BTS[:, None],
            is_causal=mask_BTS is None and x_BTD.shape[1] > 1,
            enable_gqa=True,
        )
        out: Tensor = self.o_proj(mixed_BNTH.transpose(1, 2).flatten(2))
        return out

    def _placed(
        self, q_BTNH: Tensor, k_BTKH: Tensor, step: Step
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Queries and keys at their positions, and which keys each query may look at."""
        if step.chunks is None:
            turned_q, turned_k = (rotate(x, step.cos, step.sin) for x in (q_BTNH, k_BTKH))
            return turned_q, turned_k, step.mask_BTS
        q_BTNH, k_BTKH = placed(
            q_BTNH, k_BTKH, self.config, self.layer, (step.cos, step.sin, step.chunks.positions_BT)
        )
        sees_all = step.chunks.mask_BTS is None or not has_positions(self.config, self.layer)
        return q_BTNH, k_BTKH, step.mask_BTS if sees_all else step.chunks.mask_BTS


class Block(nn.Module):
    """Attention, then feed-forward, each after a norm and added to the stream."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.place = feed_forward_place(config, layer)
        self.add_module(self.place, _feed_forward(config, layer))

    def forward(self, x_BTD: Tensor, step: Step) -> Tensor:
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), step)
        out: Tensor = x_BTD + self.get_submodule(self.place)(self.post_attention_layernorm(x_BTD))
        return out


def feed_forward_place(config: LlamaConfig, layer: int) -> str:
    """What the family's files call what follows attention."""
    if config.llama4 is not None:
        return "feed_forward"
    has_experts = config.experts is not None and layer in config.experts.layers
    return "block_sparse_moe" if has_experts else "mlp"


def _feed_forward(config: LlamaConfig, layer: int) -> nn.Module:
    experts = config.experts
    if experts is None or layer not in experts.layers:
        return FeedForward(config.dim, config.ffn_dim)
    kind = MixtralMixture if config.llama4 is None else Llama4Mixture
    return kind(config.dim, experts)
