"""Mixtures of experts as transformers makes and saves them, to be read and run by ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    Llama4Config,
    Llama4ForCausalLM,
    Llama4ForConditionalGeneration,
    Llama4TextConfig,
    MixtralConfig,
    MixtralForCausalLM,
)

from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.shape.llama4 import Llama4, Temperature

LLAMA4 = LlamaConfig(
    dim=64,
    layers=5,
    heads=8,
    kv_heads=2,
    head_dim=8,
    ffn_dim=96,
    vocab_size=320,
    context=256,
    rope_theta=500000.0,
    rope_scaling=RopeScaling(16.0, 1.0, 1.0, 32),
    dtype="float32",
    experts=Experts(count=4, chosen=1, ffn_dim=48, layers=(1, 3)),
    llama4=Llama4((3,), chunk=16, qk_norm=True, temperature=Temperature(8, 0.5)),
)
MIXTURES = {
    "mixtral, two of four": LlamaConfig(
        dim=64,
        layers=3,
        heads=8,
        kv_heads=2,
        head_dim=8,
        ffn_dim=96,
        vocab_size=320,
        context=256,
        rope_theta=1e6,
        dtype="float32",
        experts=Experts(count=4, chosen=2, ffn_dim=96, layers=(0, 1, 2)),
    ),
    "mixtral, one of two": LlamaConfig(
        dim=64,
        layers=2,
        heads=4,
        kv_heads=4,
        head_dim=16,
        ffn_dim=40,
        vocab_size=320,
        context=256,
        dtype="float32",
        experts=Experts(count=2, chosen=1, ffn_dim=40, layers=(0, 1)),
    ),
    "llama 4, experts in every other layer": LLAMA4,
    "llama 4, two of three in every layer, plain queries": replace(
        LLAMA4,
        rope_scaling=None,
        tied_embeddings=True,
        experts=Experts(count=3, chosen=2, ffn_dim=48, layers=(0, 1, 2, 3, 4)),
        llama4=Llama4((0, 3), chunk=1000, qk_norm=False, temperature=None),
    ),
    "llama 4 without experts": replace(LLAMA4, experts=None),
}
_THEIRS: dict[str, Any] = {
    "mixtral": (MixtralForCausalLM, MixtralConfig),
    "llama4": (Llama4ForCausalLM, Llama4TextConfig),
}


def saved(config: LlamaConfig, folder: Path, seed: int = 0) -> Any:
    """Their model with random weights of a size that makes logits differ, saved as they save it."""
    model, settings = _THEIRS[config.family]
    torch.manual_seed(seed)
    theirs = model(settings(**config.to_hf_dict(), attn_implementation="sdpa")).eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            spread = 0.3 if weight.ndim == 1 else 1.5 / weight.shape[-1] ** 0.5
            weight.copy_(torch.randn_like(weight) * spread + (weight.ndim == 1))
    theirs.save_pretrained(folder)
    return theirs


def saved_with_vision(config: LlamaConfig, folder: Path, seed: int = 0) -> Any:
    """A Llama 4 that sees images, around this language model; saved as transformers saves it."""
    torch.manual_seed(seed)
    seeing = {
        "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64, "image_size": 28, "patch_size": 14, "vision_output_dim": 32,
        "projector_input_dim": 32, "projector_output_dim": 32,
    }  # fmt: skip
    settings = Llama4Config(text_config=config.to_hf_dict(), vision_config=seeing)
    theirs = Llama4ForConditionalGeneration(settings).eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            spread = 0.3 if weight.ndim == 1 else 1.5 / weight.shape[-1] ** 0.5
            weight.copy_(torch.randn_like(weight) * spread + (weight.ndim == 1))
    theirs.save_pretrained(folder)
    return theirs
