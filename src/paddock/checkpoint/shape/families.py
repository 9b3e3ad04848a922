"""The families that are known, by what ``config.json`` calls them; every other one is refused.

Knows names, what transformers takes where a configuration of a family leaves a setting out, and
what would make a model compute something that its family does not. Knows no sizes and no tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from paddock.checkpoint import fields
from paddock.checkpoint.errors import UnsupportedModel

LLAMA, MIXTRAL, LLAMA4 = "llama", "mixtral", "llama4"
LLAMA4_TEXT = "llama4_text"  # model_type of the text model alone
TITLES = MappingProxyType({LLAMA: "Llama", MIXTRAL: "Mixtral", LLAMA4: "Llama 4"})
RUN = "Llama 1 to 3.3, the text model of Llama 4, Mixtral, and models of exactly their structure"


class Family(NamedTuple):
    """A family, and what transformers' configuration of it says by default."""

    name: str
    architecture: str  # what its classes' names begin with
    rope_theta: float
    norm_eps: float
    context: int
    kv_heads: int | None  # None: as many as heads
    head_dim: int | None = None  # None: the heads share the width


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        LLAMA: Family(LLAMA, "Llama", 10_000.0, 1e-6, 2048, None),
        MIXTRAL: Family(MIXTRAL, "Mixtral", 1_000_000.0, 1e-5, 131_072, 8),
        LLAMA4_TEXT: Family(LLAMA4, "Llama4", 500_000.0, 1e-5, 131_072, 8, 128),
    }
)


def family_of(source: dict[str, Any]) -> Family:
    """The family that a ``config.json`` names; raises BadConfig, UnsupportedModel."""
    named = source.get("architectures")
    if named is not None and not (isinstance(named, list) and all(type(n) is str for n in named)):
        raise fields.wrong_type("architectures", named, "a list of strings")
    kind = fields.text(source, "model_type", LLAMA if named else "")
    family = FAMILIES.get(kind)
    others = [name for name in named or [] if family is None or not _is_of(family, name)]
    if family is None or others:
        what = others[0] if others else kind
        raise UnsupportedModel(
            "not_llama",
            f"the architecture {what[:60]!r} is not Llama" if what else "no architecture is named",
            hint=f"paddock runs {RUN}",
        )
    refuse_odd_computation(source)
    return family


def _is_of(family: Family, name: str) -> bool:
    """Whether a class is this family's; the longest name that fits decides."""
    fitting = [f for f in FAMILIES.values() if name.startswith(f.architecture)]
    return max(fitting, key=lambda f: len(f.architecture), default=None) is family


def refuse_odd_computation(source: dict[str, Any]) -> None:
    """Raise UnsupportedModel for settings that compute something that no family does."""
    if fields.text(source, "hidden_act", "silu") not in ("silu", "swish"):
        raise UnsupportedModel(
            "activation", f"hidden_act {source['hidden_act'][:40]!r} is not silu"
        )
    for name in ("attention_bias", "mlp_bias"):
        if fields.boolean(source, name, False):
            raise UnsupportedModel("bias", f"{name} is true; Llama's projections have no bias")
    if source.get("auto_map"):
        raise UnsupportedModel(
            "custom_code",
            "the configuration asks for code of its own (auto_map)",
            hint="a Llama needs none; remove auto_map if you trust the weights",
        )
    if source.get("quantization_config") is not None:
        raise UnsupportedModel("quantized", "the weights are quantised (quantization_config)")
