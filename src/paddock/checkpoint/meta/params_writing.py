"""Meta's ``params.json``, written so that Meta's own code computes this very shape from it.

Keys are ``ModelArgs``' (llama-models, llama3/args.py). What it has no key for is refused where the
model would become another one, and left out where only a limit is lost (the context length).
"""

from __future__ import annotations

from typing import Any

from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.meta.params import ffn_dim
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling

_MAX_MULTIPLE = 4096
_MAX_DIGITS = 9
# Meta's code knows these two only by value (llama-models, llama3/model.py, apply_scaling).
_LOW_FREQ_FACTOR, _ORIGINAL_CONTEXT = 1.0, 8192
_DEFAULT_FACTOR, _DEFAULT_HIGH = 8.0, 4.0


def render_params(config: LlamaConfig) -> dict[str, Any]:
    """What goes into ``params.json``; UnsupportedModel for a shape that Meta's code cannot have."""
    if not config.is_plain:
        raise UnsupportedModel(
            "experts", f"Meta's layout of Llama 1 to 3 is not that of a {config.title}: no experts"
        )
    if config.head_dim * config.heads != config.dim:
        raise UnsupportedModel(
            "head_dim",
            f"heads of {config.head_dim} are not {config.dim} / {config.heads}, "
            "which is all that Meta's layout can say",
        )
    multiple_of, multiplier = _ffn_formula(config)
    params: dict[str, Any] = {"dim": config.dim}
    if multiplier is not None:
        params["ffn_dim_multiplier"] = multiplier
    params |= {
        "multiple_of": multiple_of,
        "n_heads": config.heads,
        "n_kv_heads": config.kv_heads,
        "n_layers": config.layers,
        "norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "vocab_size": config.vocab_size,
    }
    if config.rope_scaling:
        params |= _scaling(config.rope_scaling)
    return params


def _ffn_formula(config: LlamaConfig) -> tuple[int, float | None]:
    """``multiple_of`` and ``ffn_dim_multiplier`` that give the FFN size; the shortest that do."""
    wanted, multiple_of = config.ffn_dim, _MAX_MULTIPLE
    while wanted % multiple_of:
        multiple_of //= 2
    if ffn_dim(config.dim, None, multiple_of) == wanted:
        return multiple_of, None
    hidden = int(2 * (4 * config.dim) / 3)
    for digits in range(1, _MAX_DIGITS + 1):
        # The formula rounds up to the multiple: aim at the middle of what becomes this size.
        multiplier = round((wanted + 1 - multiple_of / 2) / max(hidden, 1), digits)
        if ffn_dim(config.dim, multiplier, multiple_of) == wanted:
            return multiple_of, multiplier
    raise UnsupportedModel("ffn_dim", f"Meta's formula has no FFN of {wanted} at dim {config.dim}")


def _scaling(scaling: RopeScaling) -> dict[str, Any]:
    given = (scaling.low_freq_factor, scaling.original_context)
    if given != (_LOW_FREQ_FACTOR, _ORIGINAL_CONTEXT):
        raise UnsupportedModel(
            "rope_scaling",
            f"Meta's code scales RoPE from low_freq_factor {_LOW_FREQ_FACTOR} and a context of "
            f"{_ORIGINAL_CONTEXT}, not {given[0]} and {given[1]}",
        )
    params: dict[str, Any] = {"use_scaled_rope": True}
    if scaling.factor != _DEFAULT_FACTOR:
        params["rope_scaling_factor"] = scaling.factor
    if scaling.high_freq_factor != _DEFAULT_HIGH:
        params["rope_high_freq_factor"] = scaling.high_freq_factor
    return params
