"""What the tensors of a Llama are called in GGUF, and by Hugging Face.

Knows names, not shapes or the order of rows. Names are llama.cpp's (llama-arch.cpp): ``blk.N.`` for
a layer, then the part. Experts' tensors are ``expert_stacks``'.
"""

from __future__ import annotations

import re

from paddock.checkpoint.shape.layout import EMBEDDINGS, FINAL_NORM, HEAD

ROPE_FREQS = "rope_freqs.weight"  # RoPE's wavelength factors; Hugging Face has them in config.json
_OUTER = {EMBEDDINGS: "token_embd.weight", FINAL_NORM: "output_norm.weight", HEAD: "output.weight"}
_PARTS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.down_proj": "ffn_down",
    "mlp.up_proj": "ffn_up",
    "block_sparse_moe.gate": "ffn_gate_inp",
}
_OUTER_BACK = {gguf: hf for hf, gguf in _OUTER.items()}
_PARTS_BACK = {gguf: hf for hf, gguf in _PARTS.items()}
_HF_LAYER = re.compile(r"model\.layers\.(0|[1-9][0-9]{0,3})\.(.+)\.weight")
_GGUF_LAYER = re.compile(r"blk\.(0|[1-9][0-9]{0,3})\.(.+)\.weight")


def gguf_name(hf: str) -> str | None:
    """GGUF's name of a tensor, None when it has no place there."""
    layer = _HF_LAYER.fullmatch(hf)
    if layer is None:
        return _OUTER.get(hf)
    part = _PARTS.get(layer[2])
    return f"blk.{layer[1]}.{part}.weight" if part else None


def hf_name(gguf: str) -> str | None:
    """Hugging Face's name of a tensor, None when it has no place there."""
    layer = _GGUF_LAYER.fullmatch(gguf)
    if layer is None:
        return _OUTER_BACK.get(gguf)
    part = _PARTS_BACK.get(layer[2])
    return f"model.layers.{layer[1]}.{part}.weight" if part else None


def layer_of(name: str) -> int | None:
    """The number of the layer that a tensor belongs to, by either name."""
    layer = _HF_LAYER.fullmatch(name) or _GGUF_LAYER.fullmatch(name)
    return int(layer[1]) if layer else None


def is_rotated(hf: str) -> bool:
    """Whether RoPE turns what this tensor projects, so that its rows are in another order here."""
    return hf.endswith(("self_attn.q_proj.weight", "self_attn.k_proj.weight"))
