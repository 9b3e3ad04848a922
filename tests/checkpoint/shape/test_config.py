"""Configurations: the published ones by their figures, the wrong ones by their reason."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig as StockConfig

from paddock.checkpoint.errors import BadCheckpoint, BadConfig, UnsupportedModel
from paddock.checkpoint.meta.params import WeightFacts, ffn_dim, parse_params
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling, parse_hf_config
from paddock.checkpoint.shape.published import PUBLISHED, published_name

BILLIONS = {
    "llama-1-7b": 6.7,
    "llama-1-13b": 13.0,
    "llama-1-33b": 32.5,
    "llama-1-65b": 65.2,
    "llama-2-7b": 6.7,
    "llama-2-13b": 13.0,
    "llama-2-70b": 68.9,
    "llama-3-8b": 8.03,
    "llama-3-70b": 70.5,
    "llama-3.1-8b": 8.03,
    "llama-3.1-70b": 70.5,
    "llama-3.1-405b": 405.8,
    "llama-3.2-1b": 1.23,
    "llama-3.2-3b": 3.21,
}


def test_the_405b_model_has_exactly_the_published_number_of_parameters() -> None:
    assert PUBLISHED["llama-3.1-405b"].parameter_count() == 405_853_388_800


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_size_is_near_its_name(name: str) -> None:
    assert PUBLISHED[name].parameter_count() / 1e9 == pytest.approx(BILLIONS[name], rel=0.01)
    assert published_name(PUBLISHED[name]) == name


@pytest.mark.parametrize("name", PUBLISHED)
def test_config_json_survives_our_parser_and_the_one_of_transformers(name: str) -> None:
    config = PUBLISHED[name]
    assert parse_hf_config(config.to_hf_dict()) == config
    stock = StockConfig.from_dict(config.to_hf_dict())
    assert stock.rope_parameters["rope_theta"] == config.rope_theta
    assert parse_hf_config(stock.to_dict()) == config  # the spelling of transformers 5


def minimal(**changes: Any) -> dict[str, Any]:
    source = {
        "model_type": "llama",
        "hidden_size": 64,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "vocab_size": 100,
    }
    return source | changes


def test_a_sparse_old_config_gets_the_defaults_of_its_time() -> None:
    config = parse_hf_config(minimal())
    assert (config.kv_heads, config.head_dim, config.context) == (4, 16, 2048)
    assert (config.rope_theta, config.norm_eps, config.dtype) == (10000.0, 1e-6, "float32")
    assert (config.bos_id, config.eos_ids, config.pad_id) == (1, (2,), None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden_size", -1),
        ("hidden_size", 0),
        ("hidden_size", 10**30),
        ("hidden_size", "64"),
        ("hidden_size", 64.0),
        ("hidden_size", True),
        ("hidden_size", None),
        ("num_hidden_layers", 10**6),
        ("num_attention_heads", 0),
        ("num_key_value_heads", True),
        ("intermediate_size", [128]),
        ("vocab_size", 1 << 40),
        ("max_position_embeddings", -5),
        ("rms_norm_eps", math.nan),
        ("rms_norm_eps", 0),
        ("rms_norm_eps", 10**400),
        ("rope_theta", math.inf),
        ("tie_word_embeddings", 1),
        ("eos_token_id", -7),
        ("head_dim", 1 << 20),
    ],
)
def test_an_absurd_value_is_refused_with_the_field_named(field: str, value: Any) -> None:
    with pytest.raises(BadConfig, match=field):
        parse_hf_config(minimal(**{field: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"num_attention_heads": 5},
        {"num_key_value_heads": 3},
        {"num_key_value_heads": 8},
        {"head_dim": 15},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
        {"rope_scaling": "llama3"},
        {"eos_token_id": list(range(1000))},
    ],
)
def test_fields_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadConfig):
        parse_hf_config(minimal(**changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model_type": "mistral"}, "mistral"),
        ({"architectures": ["Qwen2ForCausalLM"]}, "Qwen2ForCausalLM"),
        ({"rope_scaling": {"type": "yarn", "factor": 2.0}}, "yarn"),
        ({"attention_bias": True}, "attention_bias"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"torch_dtype": "int4"}, "int4"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
        ({"auto_map": {"AutoModel": "evil--code.Model"}}, "auto_map"),
    ],
)
def test_another_kind_of_model_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsupportedModel, match=named):
        parse_hf_config(minimal(**changes))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*PUBLISHED["llama-3.1-8b"].to_hf_dict()]), JSON))
def test_no_config_makes_the_parser_fail_otherwise_than_in_words(changes: dict[str, Any]) -> None:
    try:
        config = parse_hf_config(PUBLISHED["llama-3.1-8b"].to_hf_dict() | changes)
    except BadCheckpoint as e:
        assert e.reason and len(e.message) < 500
    else:
        assert parse_hf_config(config.to_hf_dict()) == config


META = {"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "norm_eps": 1e-05}


def facts(vocab: int, ffn: int, dtype: str = "bfloat16") -> WeightFacts:
    return WeightFacts(vocab, ffn, False, dtype)


def test_params_json_of_each_generation_becomes_the_published_configuration() -> None:
    llama1 = parse_params(
        {**META, "norm_eps": 1e-6, "vocab_size": -1}, facts(32000, 11008, "float16")
    )
    assert llama1 == PUBLISHED["llama-1-7b"]
    assert parse_params({**META, "vocab_size": -1}, facts(32000, 11008)) == PUBLISHED["llama-2-7b"]
    eight = {**META, "n_kv_heads": 8, "ffn_dim_multiplier": 1.3, "multiple_of": 1024}
    eight |= {"rope_theta": 500000.0, "vocab_size": 128256}
    llama3 = parse_params(eight, facts(128256, 14336))
    assert replace(llama3, eos_ids=(128001,)) == PUBLISHED["llama-3-8b"]
    scaled = parse_params({**eight, "use_scaled_rope": True}, facts(128256, 14336))
    assert replace(scaled, eos_ids=(128001,)) == PUBLISHED["llama-3.1-8b"]
    assert 128009 in scaled.eos_ids


def test_llama_3_2_is_stretched_by_its_own_factor() -> None:
    params = {"dim": 2048, "n_layers": 16, "n_heads": 32, "n_kv_heads": 8, "norm_eps": 1e-5}
    params |= {"rope_theta": 500000.0, "use_scaled_rope": True, "vocab_size": 128256}
    config = parse_params(params, WeightFacts(128256, 8192, True, "bfloat16"))
    assert config.rope_scaling == RopeScaling(32.0, 1.0, 4.0, 8192)
    assert config.context == 131072


@pytest.mark.parametrize(
    ("dim", "multiplier", "multiple_of", "expected"),
    [
        (4096, None, 256, 11008),
        (8192, 1.3, 4096, 28672),
        (4096, 1.3, 1024, 14336),
        (16384, 1.2, 4096, 53248),
        (2048, 1.5, 256, 8192),
        (64, None, 4, 172),
    ],
)
def test_the_ffn_size_follows_metas_arithmetic(
    dim: int, multiplier: float | None, multiple_of: int, expected: int
) -> None:
    assert ffn_dim(dim, multiplier, multiple_of) == expected


def test_params_that_contradict_the_weights_are_refused() -> None:
    with pytest.raises(BadConfig, match="FFN"):
        parse_params(META, facts(32000, 9999))
    with pytest.raises(BadConfig, match="vocab_size"):
        parse_params({**META, "vocab_size": 5}, facts(32000, 11008))
    with pytest.raises(UnsupportedModel, match="quantization_args"):
        parse_params({**META, "quantization_args": {"group_size": 32}}, facts(32000, 11008))


def test_a_configuration_in_memory_is_checked_too() -> None:
    config = PUBLISHED["llama-2-7b"]
    for change in ({"heads": 0}, {"kv_heads": 33}, {"dtype": "int8"}, {"norm_eps": math.nan}):
        with pytest.raises(BadConfig):
            LlamaConfig(**{f: getattr(config, f) for f in config.__slots__} | change)
