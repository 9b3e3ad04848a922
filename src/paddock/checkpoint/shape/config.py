"""What a Llama model is made of: its shape, its positions and its special token ids.

One value for every generation from Llama 1 to 4, and for Mixtral. Knows how ``config.json``
spells it, in the spelling of transformers 5 and the older one; does not know tensors, files or
torch.
A ``LlamaConfig`` that exists is possible: every field is bounded and the fields fit each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.checkpoint import fields
from paddock.checkpoint.errors import BadConfig, UnsupportedModel
from paddock.checkpoint.shape.experts import Experts, parse_mixtral
from paddock.checkpoint.shape.families import LLAMA, LLAMA4, MIXTRAL, TITLES, Family, family_of
from paddock.checkpoint.shape.llama4 import Llama4, parse_experts, parse_llama4
from paddock.checkpoint.shape.rendering import render_hf
from paddock.checkpoint.shape.text_part import text_settings

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
        if not low <= fields.number(values, "high_freq_factor", 1e-6, 1e6):
            raise BadConfig("contradiction", "low_freq_factor must be below high_freq_factor")
        fields.integer(values, "original_context", 1, MAX_CONTEXT)


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """The shape of a Llama model. ``dtype`` is the one its weights are stored in.

    ``ffn_dim`` is the width of a feed-forward that is no mixture of experts.
    """

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
    experts: Experts | None = None
    llama4: Llama4 | None = None

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
        self._check_layers()

    def _check_layers(self) -> None:
        every, special = set(range(self.layers)), set(self.experts.layers if self.experts else ())
        if self.llama4 is not None:
            special |= set(self.llama4.without_positions)
        if not special <= every or (self.experts and not self.llama4 and special != every):
            raise BadConfig("contradiction", "the layers with experts are not those of the model")
        scaling = self.rope_scaling
        if self.llama4 is None and scaling and scaling.low_freq_factor == scaling.high_freq_factor:
            raise BadConfig("contradiction", "low_freq_factor must be below high_freq_factor")

    @property
    def family(self) -> str:
        """The name of the family, as ``model_type`` in ``config.json``."""
        if self.llama4 is not None:
            return LLAMA4
        return LLAMA if self.experts is None else MIXTRAL

    @property
    def title(self) -> str:
        """The family's name for people."""
        return TITLES[self.family]

    @property
    def is_plain(self) -> bool:
        """Whether every layer is as in Llama 1 to 3: dense, and with positions of all the text."""
        return self.family == LLAMA

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
        attention = 2 * self.dim * self.q_dim + 2 * self.dim * self.kv_dim + 2 * self.dim
        embeddings = (1 if self.tied_embeddings else 2) * self.vocab_size * self.dim
        return embeddings + self.layers * attention + self._feed_forwards() + self.dim

    def active_parameter_count(self) -> int:
        """Number of weights that compute a token: of its experts, not of all of them."""
        if self.experts is None:
            return self.parameter_count()
        idle = self.experts.count - self.experts.chosen
        each = 3 * self.dim * self.experts.ffn_dim
        return self.parameter_count() - len(self.experts.layers) * idle * each

    def _feed_forwards(self) -> int:
        """Weights of all layers' feed-forwards, routers included."""
        experts = self.experts
        if experts is None:
            return self.layers * 3 * self.dim * self.ffn_dim
        each = 3 * self.dim * experts.ffn_dim
        mixture = experts.count * (each + self.dim)  # with its row of the router
        if self.llama4 is not None:
            mixture += each  # computes every token
        dense = self.layers - len(experts.layers)
        return dense * 3 * self.dim * self.ffn_dim + len(experts.layers) * mixture

    def to_hf_dict(self) -> dict[str, Any]:
        """A ``config.json``, in the spelling that old and new transformers and vLLM all read."""
        return render_hf(self)


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
    source = text_settings(source)
    family = family_of(source)
    dim = fields.integer(source, "hidden_size", 1, MAX_DIM)
    heads = fields.integer(source, "num_attention_heads", 1, MAX_HEADS)
    kv_heads = fields.integer(
        source, "num_key_value_heads", 1, MAX_HEADS, default=family.kv_heads or heads
    )
    if kv_heads > heads:
        raise BadConfig("contradiction", f"num_key_value_heads {kv_heads} exceeds {heads} heads")
    theta, scaling = _parse_rope(source, family)
    layers = fields.integer(source, "num_hidden_layers", 1, MAX_LAYERS)
    is_llama4 = family.name == LLAMA4
    dense = "intermediate_size_mlp" if is_llama4 else "intermediate_size"
    ffn_dim = fields.integer(source, dense, 1, MAX_FFN_DIM)
    return LlamaConfig(
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=_parse_head_dim(source, dim, heads, family),
        ffn_dim=ffn_dim,
        vocab_size=fields.integer(source, "vocab_size", 1, MAX_VOCAB),
        context=fields.integer(
            source, "max_position_embeddings", 1, MAX_CONTEXT, default=family.context
        ),
        rope_theta=theta,
        rope_scaling=scaling,
        norm_eps=fields.number(source, "rms_norm_eps", 1e-20, 0.1, default=family.norm_eps),
        tied_embeddings=fields.boolean(source, "tie_word_embeddings", False),
        bos_id=_parse_id(source, "bos_token_id", 1),
        eos_ids=_parse_eos_ids(source),
        pad_id=_parse_id(source, "pad_token_id", None),
        dtype=_parse_dtype(source),
        experts=_parse_experts(source, family, layers, ffn_dim),
        llama4=parse_llama4(source, layers) if is_llama4 else None,
    )


def head_dim_of(dim: int, heads: int) -> int:
    """The head dimension where none is given: the heads share ``dim`` evenly."""
    if dim % heads:
        raise BadConfig("contradiction", f"dim {dim} is not a multiple of {heads} heads")
    return dim // heads


def _as_fields(value: RopeScaling | LlamaConfig) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _parse_experts(
    source: dict[str, Any], family: Family, layers: int, ffn_dim: int
) -> Experts | None:
    if family.name == LLAMA4:
        return parse_experts(source, layers)
    return parse_mixtral(source, layers, ffn_dim) if family.name == MIXTRAL else None


def _parse_head_dim(source: dict[str, Any], dim: int, heads: int, family: Family) -> int:
    given = fields.optional_integer(source, "head_dim", 1, MAX_HEAD_DIM)
    if "head_dim" not in source:
        given = family.head_dim
    return head_dim_of(dim, heads) if given is None else given


def _parse_rope(source: dict[str, Any], family: Family) -> tuple[float, RopeScaling | None]:
    """RoPE base and scaling; transformers 5 keeps both in ``rope_parameters``."""
    for name in ("rope_parameters", "rope_scaling"):
        if source.get(name) is not None and not isinstance(source[name], dict):
            raise fields.wrong_type(name, source[name], "an object")
    rope: dict[str, Any] = source.get("rope_parameters") or source.get("rope_scaling") or {}
    theta_of = rope if rope.get("rope_theta") is not None else source
    theta = fields.number(theta_of, "rope_theta", 1.0, MAX_THETA, default=family.rope_theta)
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
