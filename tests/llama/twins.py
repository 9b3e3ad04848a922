"""The same random weights in two implementations: ours, and that of transformers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from transformers import LlamaConfig as TheirConfig
from transformers import LlamaForCausalLM

from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.llama.model import Llama

_TINY = LlamaConfig(
    dim=64,
    layers=3,
    heads=8,
    kv_heads=8,
    head_dim=8,
    ffn_dim=172,
    vocab_size=320,
    context=256,
    dtype="float32",
)
_LLAMA_3 = replace(_TINY, kv_heads=2, rope_theta=500000.0)
_SCALING = RopeScaling(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_context=32)
# What sets each generation apart, at a size that a test can afford.
GENERATIONS = {
    "llama 1, every head its own": replace(_TINY, norm_eps=1e-6),
    "llama 2, grouped queries": replace(_TINY, kv_heads=4),
    "llama 3, large theta": _LLAMA_3,
    "llama 3.1, scaled positions": replace(_LLAMA_3, rope_scaling=_SCALING),
    "llama 3.2, tied": replace(
        _LLAMA_3, rope_scaling=replace(_SCALING, factor=32.0), tied_embeddings=True
    ),
    "heads wider than their share": replace(_LLAMA_3, head_dim=24),
}


def twins(config: LlamaConfig, seed: int) -> tuple[Llama, LlamaForCausalLM]:
    """Both models in float32, holding equal weights of a size that makes logits differ."""
    torch.manual_seed(seed)
    theirs = LlamaForCausalLM(TheirConfig(**_their_arguments(config))).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            spread = 0.3 if parameter.ndim == 1 else 2.0 / parameter.shape[-1] ** 0.5
            parameter.copy_(torch.randn_like(parameter) * spread + (parameter.ndim == 1))
    ours = Llama(config)
    shared = {k: v.clone() for k, v in theirs.state_dict().items() if k in ours.state_dict()}
    ours.load_state_dict(shared, assign=True)
    return ours.eval(), theirs


def in_bfloat16(theirs: LlamaForCausalLM) -> LlamaForCausalLM:
    """Their model as ``from_pretrained(dtype=bfloat16)`` makes it: RoPE's angles stay float32."""
    frequencies = theirs.model.rotary_emb.inv_freq.clone()
    theirs = theirs.to(torch.bfloat16)
    theirs.model.rotary_emb.inv_freq = frequencies
    return theirs


def _their_arguments(config: LlamaConfig) -> dict[str, Any]:
    return {**config.to_hf_dict(), "attn_implementation": "sdpa"}


def tokens(config: LlamaConfig, batch: int, length: int, seed: int) -> torch.Tensor:
    """Random token ids."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(config.vocab_size, (batch, length), generator=generator)


def relative_error(ours: torch.Tensor, truth: torch.Tensor) -> float:
    """The largest difference, in units of the largest logit."""
    return float((ours.double() - truth.double()).abs().max() / truth.double().abs().max())
