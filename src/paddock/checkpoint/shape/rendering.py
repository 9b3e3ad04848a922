"""A configuration as ``config.json``, in the spelling that old and new transformers and vLLM read.

Pure. Knows every family's keys; what a value means is ``config``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.shape.families import LLAMA4_TEXT, MIXTRAL
from paddock.checkpoint.shape.llama4 import Llama4, settings_of

if TYPE_CHECKING:
    from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling


def render_hf(config: LlamaConfig) -> dict[str, Any]:
    """The keys and values."""
    settings = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": config.bos_id,
        "eos_token_id": _one_or_list(config.eos_ids),
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "hidden_size": config.dim,
        "initializer_range": 0.02,
        "intermediate_size": config.ffn_dim,
        "max_position_embeddings": config.context,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": config.heads,
        "num_hidden_layers": config.layers,
        "num_key_value_heads": config.kv_heads,
        "pad_token_id": config.pad_id,
        "pretraining_tp": 1,
        "rms_norm_eps": config.norm_eps,
        "rope_scaling": _scaling_to_hf(config.rope_scaling),
        "rope_theta": config.rope_theta,
        "tie_word_embeddings": config.tied_embeddings,
        "torch_dtype": config.dtype,
        "use_cache": True,
        "vocab_size": config.vocab_size,
    }
    if config.llama4 is not None:
        return _as_llama4(settings, config, config.llama4)
    return settings if config.experts is None else _as_mixtral(settings, config.experts)


def _scaling_to_hf(scaling: RopeScaling | None) -> dict[str, Any] | None:
    if scaling is None:
        return None
    return {
        "factor": scaling.factor,
        "high_freq_factor": scaling.high_freq_factor,
        "low_freq_factor": scaling.low_freq_factor,
        "original_max_position_embeddings": scaling.original_context,
        "rope_type": "llama3",
    }


def _one_or_list(ids: tuple[int, ...]) -> int | list[int] | None:
    if len(ids) > 1:
        return list(ids)
    return ids[0] if ids else None


def _as_mixtral(settings: dict[str, Any], experts: Experts) -> dict[str, Any]:
    own = {
        "architectures": ["MixtralForCausalLM"],
        "model_type": MIXTRAL,
        "num_experts_per_tok": experts.chosen,
        "num_local_experts": experts.count,
        "output_router_logits": False,
        "router_jitter_noise": 0.0,
        "sliding_window": None,
    }
    of_llama_alone = {"attention_bias", "mlp_bias", "pretraining_tp"}
    kept = {key: value for key, value in settings.items() if key not in of_llama_alone}
    return dict(sorted((kept | own).items()))


def _as_llama4(settings: dict[str, Any], config: LlamaConfig, llama4: Llama4) -> dict[str, Any]:
    experts = config.experts
    own = {
        "architectures": ["Llama4ForCausalLM"],
        "intermediate_size_mlp": config.ffn_dim,
        "model_type": LLAMA4_TEXT,
        "moe_layers": list(experts.layers) if experts else [],
    }
    if experts is not None:
        own |= {
            "intermediate_size": experts.ffn_dim,
            "num_experts_per_tok": experts.chosen,
            "num_local_experts": experts.count,
        }
    of_llama_alone = {"mlp_bias", "pretraining_tp"}
    kept = {key: value for key, value in settings.items() if key not in of_llama_alone}
    return dict(sorted((kept | own | settings_of(llama4, config.layers)).items()))
