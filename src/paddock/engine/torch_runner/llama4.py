"""Attention of Llama 4 over flat tokens and the paged cache, in plain torch on any device.

The rules are those of ``paddock.llama.llama4``: layers with positions see their own chunk of the
text, layers without see all of it. Letters as in ``batch``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.torch_runner.batch import Batch, gathered
from paddock.llama.llama4 import has_positions, placed


def attended(
    qkv_TO: Tensor, batch: Batch, cache: tuple[Tensor, Tensor], config: LlamaConfig, layer: int
) -> Tensor:
    """Writes keys and values to their slots; each query's mixture of values, ``[T, N * H]``."""
    keys, values = cache
    heads_TNH = qkv_TO.view(len(qkv_TO), -1, config.head_dim)
    sizes = [config.heads, config.kv_heads, config.kv_heads]
    q_TNH, k_TKH, v_TKH = torch.split(heads_TNH, sizes, dim=1)
    positions_T = _positions(batch, qkv_TO.device)
    q_TNH, k_TKH = placed(q_TNH, k_TKH, config, layer, (batch.cos, batch.sin, positions_T))
    keys[batch.slots_T], values[batch.slots_T] = k_TKH, v_TKH
    mixed_TNH = torch.empty_like(q_TNH)
    chunk = config.llama4.chunk if config.llama4 and has_positions(config, layer) else None
    for sequence, (first, end, length) in enumerate(batch.spans()):
        # What is before the first query's chunk is seen by none of them.
        first_seen = 0 if chunk is None else (length - (end - first)) // chunk * chunk
        k_SKH, v_SKH = (
            gathered(each, batch.tables_SB[sequence], length)[first_seen:] for each in cache
        )
        seen_S = torch.arange(first_seen, length, device=qkv_TO.device)
        mask_TS = _visible(positions_T[first:end], seen_S, chunk)
        mixed_TNH[first:end] = _attend(q_TNH[first:end], k_SKH, v_SKH, mask_TS)
    return mixed_TNH.flatten(1)


def _positions(batch: Batch, device: torch.device) -> Tensor:
    """The position of each new token in its own sequence."""
    each = [torch.arange(length - (end - first), length) for first, end, length in batch.spans()]
    return torch.cat(each).to(device)


def _visible(queries_T: Tensor, keys_S: Tensor, chunk: int | None) -> Tensor:
    mask_TS = keys_S[None] <= queries_T[:, None]
    if chunk is None:
        return mask_TS
    return mask_TS & ((queries_T // chunk)[:, None] == (keys_S // chunk)[None])


def _attend(q_TNH: Tensor, k_SKH: Tensor, v_SKH: Tensor, mask_TS: Tensor) -> Tensor:
    mixed_1NTH = F.scaled_dot_product_attention(
        q_TNH.transpose(0, 1)[None],
        k_SKH.transpose(0, 1)[None],
        v_SKH.transpose(0, 1)[None],
        attn_mask=mask_TS,
        enable_gqa=True,
    )
    return mixed_1NTH[0].transpose(0, 1)
