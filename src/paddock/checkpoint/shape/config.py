"""What a Llama model is made of: its shape, its positions and its special token ids.

One value for every generation from Llama 1 to 3.2. Knows how ``config.json`` spells it, in the
spelling of transformers 5 and the older one; does not know tensors, files or torch.
A ``LlamaConfig`` that exists is possible: every field is bounded and the fields fit each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel

# Far beyond every published model, near enough that no product of them is absurd.
MAX_DIM = 1 << 17
MAX_LAYERS = 1 << 10
MAX_HEADS = 1 << 12
MAX_HEAD_DIM = 1 << 12
MAX_FFN_DIM = 1 << 20
MAX_VOCAB = 1 << 24
MAX_CONTEXT = 1 << 28
MAX_THETA = 1e15
MAX_EOS_IDS = 64
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """Llama 3.1's stretching of RoPE wavelengths beyond the original context."""

    factor: float
    low_freq_factor: float
    high_freq_factor: float
    original_context: int

    def __post_init__(self) -> None:
        values = _as_fields(self)
        fields.number(values, "factor", 1.0, 1e6)
        low = fields.number(values, "low_freq_factor", 1e-6, 1e6)
        if not low < fields.number(values, "high_freq_factor", 1e-6, 1e6):
            raise BadConfig("contradiction", "low_freq_factor must be below high_freq_factor")
        fields.integer(values, "original_context", 1, MAX_CONTEXT)


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """The shape of a Llama model. ``dtype`` is the one its weights are stored in."""

    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_dim: int
    vocab_size: int
    context: int
    rope_theta: float = 10000.0
    rope_scaling: RopeScaling | None = None
    norm_eps: float = 1e-5
    tied_embeddings: bool = False
    bos_id: int | None = 1
    eos_ids: tuple[int, ...] = (2,)
    pad_id: int | None = None
    dtype: str = "bfloat16"

    def __post_init__(self) -> None:
        values = _as_fields(self)
        for name, high in _BOUNDS.items():
            fields.integer(values, name, 1, high)
        fields.number(values, "rope_theta", 1.0, MAX_THETA)
        fields.number(values, "norm_eps", 1e-20, 0.1)
        fields.optional_integer(values, "bos_id", 0, MAX_VOCAB)
        fields.optional_integer(values, "pad_id", 0, MAX_VOCAB)
        for eos_id in self.eos_ids:
            fields.integer({"eos_id": eos_id}, "eos_id", 0, MAX_VOCAB)
        if self.heads % self.kv_heads:
            raise BadConfig(
                "contradiction", f"{self.heads} heads do not share {self.kv_heads} KV heads evenly"
            )
        if self.head_dim % 2:
            raise BadConfig("contradiction", f"head_dim is {self.head_dim}; RoPE needs an even one")
        if self.dtype not in DTYPES:
            raise BadConfig("unknown_dtype", f"dtype {self.dtype!r} is not one of {DTYPES}")

    @property
    def q_dim(self) -> int:
        """Rows of the query projection."""
        return self.heads * self.head_dim

    @property
    def kv_dim(self) -> int:
        """Rows of the key and of the value projection."""
        return self.kv_heads * self.head_dim

    def parameter_count(self) -> int:
        """Exact number of weights; a tied head counts once."""
        attention = 2 * self.dim * self.q_dim + 2 * self.dim * self.kv_dim
        layer = attention + 3 * self.dim * self.ffn_dim + 2 * self.dim
        embeddings = (1 if self.tied_embeddings else 2) * self.vocab_size * self.dim
        return embeddings + self.layers * layer + self.dim

    def to_hf_dict(self) -> dict[str, Any]:
        """A ``config.json``, in the spelling that old and new transformers and vLLM all read."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": self.bos_id,
            "eos_token_id": _one_or_list(self.eos_ids),
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "hidden_size": self.dim,
            "initializer_range": 0.02,
            "intermediate_size": self.ffn_dim,
            "max_position_embeddings": self.context,
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "num_key_value_heads": self.kv_heads,
            "pad_token_id": self.pad_id,
            "pretraining_tp": 1,
            "rms_norm_eps": self.norm_eps,
            "rope_scaling": _scaling_to_hf(self.rope_scaling),
            "rope_theta": self.rope_theta,
            "tie_word_embeddings": self.tied_embeddings,
            "torch_dtype": self.dtype,
            "use_cache": True,
            "vocab_size": self.vocab_size,
        }


_BOUNDS = {
    "dim": MAX_DIM,
    "layers": MAX_LAYERS,
    "heads": MAX_HEADS,
    "kv_heads": MAX_HEADS,
    "head_dim": MAX_HEAD_DIM,
    "ffn_dim": MAX_FFN_DIM,
    "vocab_size": MAX_VOCAB,
    "context": MAX_CONTEXT,
}


def parse_hf_config(source: dict[str, Any]) -> LlamaConfig:
    """The shape that a ``config.json`` describes; another architecture is refused by its name."""
    _refuse_other_models(source)
    dim = fields.integer(source, "hidden_size", 1, MAX_DIM)
    heads = fields.integer(source, "num_attention_heads", 1, MAX_HEADS)
    kv_heads = fields.integer(source, "num_key_value_heads", 1, MAX_HEADS, default=heads)
    if kv_heads > heads:
        raise BadConfig("contradiction", f"num_key_value_heads {kv_heads} exceeds {heads} heads")
    theta, scaling = _parse_rope(source)
    return LlamaConfig(
        dim=dim,
        layers=fields.integer(source, "num_hidden_layers", 1, MAX_LAYERS),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=_parse_head_dim(source, dim, heads),
        ffn_dim=fields.integer(source, "intermediate_size", 1, MAX_FFN_DIM),
        vocab_size=fields.integer(source, "vocab_size", 1, MAX_VOCAB),
        context=fields.integer(source, "max_position_embeddings", 1, MAX_CONTEXT, default=2048),
        rope_theta=theta,
        rope_scaling=scaling,
        norm_eps=fields.number(source, "rms_norm_eps", 1e-20, 0.1, default=1e-6),
        tied_embeddings=fields.boolean(source, "tie_word_embeddings", False),
        bos_id=_parse_id(source, "bos_token_id", 1),
        eos_ids=_parse_eos_ids(source),
        pad_id=_parse_id(source, "pad_token_id", None),
        dtype=_parse_dtype(source),
    )


def head_dim_of(dim: int, heads: int) -> int:
    """The head dimension where none is given: the heads share ``dim`` evenly."""
    if dim % heads:
        raise BadConfig("contradiction", f"dim {dim} is not a multiple of {heads} heads")
    return dim // heads


def _as_fields(value: RopeScaling | LlamaConfig) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _refuse_other_models(source: dict[str, Any]) -> None:
    named = source.get("architectures")
    if named is not None and not (isinstance(named, list) and all(type(n) is str for n in named)):
        raise fields.wrong_type("architectures", named, "a list of strings")
    kind = fields.text(source, "model_type", "llama" if named else "")
    others = [name for name in named or [] if not name.startswith("Llama")]
    if kind != "llama" or others:
        what = others[0] if others else kind
        raise UnsupportedModel(
            "not_llama",
            f"the architecture {what[:60]!r} is not Llama" if what else "no architecture is named",
            hint="paddock runs Llama 1, 2, 3, 3.1, 3.2 and models of exactly their structure",
        )
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


def _parse_head_dim(source: dict[str, Any], dim: int, heads: int) -> int:
    given = fields.optional_integer(source, "head_dim", 1, MAX_HEAD_DIM)
    return head_dim_of(dim, heads) if given is None else given


def _parse_rope(source: dict[str, Any]) -> tuple[float, RopeScaling | None]:
    """RoPE base and scaling; transformers 5 keeps both in ``rope_parameters``."""
    for name in ("rope_parameters", "rope_scaling"):
        if source.get(name) is not None and not isinstance(source[name], dict):
            raise fields.wrong_type(name, source[name], "an object")
    rope: dict[str, Any] = source.get("rope_parameters") or source.get("rope_scaling") or {}
    theta_of = rope if rope.get("rope_theta") is not None else source
    theta = fields.number(theta_of, "rope_theta", 1.0, MAX_THETA, default=10000.0)
    kind = fields.text(rope, "rope_type", fields.text(rope, "type", "default"))
    if kind == "default":
        return theta, None
    if kind != "llama3":
        raise UnsupportedModel("rope_type", f"RoPE scaling {kind[:40]!r} is not used by any Llama")
    return theta, RopeScaling(
        factor=fields.number(rope, "factor", 1.0, 1e6),
        low_freq_factor=fields.number(rope, "low_freq_factor", 1e-6, 1e6),
        high_freq_factor=fields.number(rope, "high_freq_factor", 1e-6, 1e6),
        original_context=fields.integer(rope, "original_max_position_embeddings", 1, MAX_CONTEXT),
    )


def _parse_id(source: dict[str, Any], name: str, default: int | None) -> int | None:
    if name not in source:
        return default
    if source[name] == -1 and type(source[name]) is int:  # the first conversions' "none"
        return None
    return fields.optional_integer(source, name, 0, MAX_VOCAB)


def _parse_eos_ids(source: dict[str, Any]) -> tuple[int, ...]:
    value = source.get("eos_token_id", 2)
    if not isinstance(value, list):
        single = _parse_id(source, "eos_token_id", 2)
        return () if single is None else (single,)
    if len(value) > MAX_EOS_IDS:
        raise BadConfig("out_of_range", f"eos_token_id lists {len(value)} ids, over {MAX_EOS_IDS}")
    return tuple(
        fields.integer({"eos_token_id": item}, "eos_token_id", 0, MAX_VOCAB) for item in value
    )


def _parse_dtype(source: dict[str, Any]) -> str:
    name = fields.text(source, "dtype", fields.text(source, "torch_dtype", "float32"))
    name = name.removeprefix("torch.")
    if name not in DTYPES:
        raise UnsupportedModel(
            "dtype", f"weights of dtype {name[:40]!r} are not read; use {DTYPES}"
        )
    return name


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
