"""Which type each tensor gets, by the name of the whole: ``q4_k_m`` is a mixture.

The mixtures are llama.cpp's (llama-quant.cpp, llama_tensor_get_type_impl), so that a file of ours
and one of ``llama-quantize`` have the same type for every tensor. One departure: where rows are no
multiple of 256, llama.cpp falls back to Q5_0 or Q5_1; here it is Q8_0, which is larger and closer.
Knows names and shapes, not numbers.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.naming import layer_of
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.feed_forward import MIXTRAL_ROUTER
from paddock.checkpoint.shape.layout import EMBEDDINGS, HEAD
from paddock.errors import shown


class Recipe(NamedTuple):
    """What most tensors become, and the number by which ``general.file_type`` names the whole."""

    default: str
    file_type: int  # llama.h, enum llama_ftype


RECIPES = MappingProxyType(
    {
        "f32": Recipe("F32", 0),
        "f16": Recipe("F16", 1),
        "bf16": Recipe("BF16", 32),
        "q8_0": Recipe("Q8_0", 7),
        "q4_0": Recipe("Q4_0", 2),
        "q4_k_s": Recipe("Q4_K", 14),
        "q4_k_m": Recipe("Q4_K", 15),
        "q5_k_s": Recipe("Q5_K", 16),
        "q5_k_m": Recipe("Q5_K", 17),
        "q6_k": Recipe("Q6_K", 18),
    }
)
_MIXED_M = ("q4_k_m", "q5_k_m")
_DOWN = ("mlp.down_proj.weight", ".w2.weight")
_MIXTRAL_EXPERTS = 8
_LAYERS_70B = 80  # with grouped heads: the model whose value projection eight heads share


def block_type(recipe: str, hf_name: str, shape: tuple[int, ...], config: LlamaConfig) -> str:
    """The type of one tensor under Hugging Face's name; BadCheckpoint for an unknown recipe."""
    if recipe not in RECIPES:
        raise BadCheckpoint(
            "unknown_recipe",
            f"{shown(recipe)} is no quantisation",
            hint=f"use {', '.join(RECIPES)}",
        )
    if len(shape) < 2 or hf_name.endswith(MIXTRAL_ROUTER):
        return "F32"  # norms, RoPE factors, routers: llama.cpp computes with nothing else
    wanted = RECIPES[recipe].default
    if wanted not in BLOCKS:
        return wanted
    if hf_name == HEAD or (hf_name == EMBEDDINGS and config.tied_embeddings):
        wanted = "Q8_0" if wanted == "Q8_0" else "Q6_K"
    else:
        wanted = _mixed(recipe, hf_name, wanted, config)
    return _fitting(wanted, shape[-1])


def _mixed(recipe: str, hf_name: str, default: str, config: LlamaConfig) -> str:
    """More bits for the value and down projections, where errors cost most."""
    layer = layer_of(hf_name)
    is_value = hf_name.endswith("self_attn.v_proj.weight")
    if config.experts is not None and config.experts.count == _MIXTRAL_EXPERTS:
        if is_value or hf_name.endswith("self_attn.k_proj.weight"):
            return "Q8_0"  # small beside the experts
        if hf_name.endswith("self_attn.o_proj.weight") and default == "Q4_K":
            return "Q5_K"
    if layer is None or not (is_value or hf_name.endswith(_DOWN)):
        return default
    if recipe in _MIXED_M and _deserves_more(layer, config.layers):
        return "Q6_K"
    if recipe == "q4_k_s" and layer < (4 if is_value else config.layers // 8):
        return "Q5_K"
    is_70b = config.layers == _LAYERS_70B and config.heads != config.kv_heads
    return "Q5_K" if is_value and is_70b and default == "Q4_K" else default


def _deserves_more(layer: int, layers: int) -> bool:
    """The first and last eighth, and every third layer between (use_more_bits)."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _fitting(wanted: str, row: int) -> str:
    """A type whose blocks divide the row: llama.cpp's tensor_type_fallback, with Q8_0 for Q5_*."""
    for name in (wanted, "Q8_0"):
        if row % BLOCKS[name].elements == 0:
            return name
    return "F16"
