"""Mixtures of experts on disk: the published one by its figures, the wrong ones by their reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import MixtralConfig

from paddock.checkpoint.errors import BadCheckpoint, BadConfig, TensorMismatch, UnsupportedModel
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig, parse_hf_config
from paddock.checkpoint.shape.experts import MAX_EXPERTS, Experts
from paddock.checkpoint.tensors import Tensor
from tests.checkpoint.samples import MIXTRAL, model_tensors, tensor, write_hf_folder, write_model

ROUTER = "model.layers.1.block_sparse_moe.gate.weight"
EXPERT = "model.layers.1.block_sparse_moe.experts.3.w2.weight"

MIXTRAL_8X7B = LlamaConfig(
    dim=4096,
    layers=32,
    heads=32,
    kv_heads=8,
    head_dim=128,
    ffn_dim=14336,
    vocab_size=32000,
    context=32768,
    rope_theta=1e6,
    experts=Experts(8, 2, 14336, tuple(range(32))),
)


def test_mixtral_8x7b_has_exactly_the_published_number_of_parameters() -> None:
    assert MIXTRAL_8X7B.parameter_count() == 46_702_792_704
    assert MIXTRAL_8X7B.active_parameter_count() == 12_879_925_248


def test_config_json_survives_our_parser_and_the_one_of_transformers() -> None:
    assert parse_hf_config(MIXTRAL_8X7B.to_hf_dict()) == MIXTRAL_8X7B
    stock = MixtralConfig.from_dict(MIXTRAL_8X7B.to_hf_dict())
    assert parse_hf_config(stock.to_dict() | {"architectures": None}) == MIXTRAL_8X7B


def test_what_a_config_leaves_out_is_what_transformers_takes() -> None:
    stock = MixtralConfig(hidden_size=64, num_attention_heads=16, num_hidden_layers=2)
    short = {"model_type": "mixtral", "hidden_size": 64, "num_attention_heads": 16,
             "num_hidden_layers": 2, "intermediate_size": 14336, "vocab_size": 32000}  # fmt: skip
    assert parse_hf_config(short) == parse_hf_config(stock.to_dict())


def test_a_mixture_is_inspected_and_opened(tmp_path: Path) -> None:
    write_hf_folder(tmp_path, MIXTRAL, shard_bytes=40_000)
    found = inspect_checkpoint(tmp_path)
    assert (found.family, found.config) == ("mixtral", MIXTRAL)
    assert found.parameters == MIXTRAL.parameter_count()
    assert found.problems == ("there is no usable tokenizer",)
    assert len(open_checkpoint(tmp_path).tensors) == 3 + 2 * (6 + 1 + 4 * 3)


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"num_local_experts": 10**18}, BadConfig, "num_local_experts is 10"),
        ({"num_local_experts": MAX_EXPERTS + 1}, BadConfig, "must be 1 to 512"),
        ({"num_local_experts": -4}, BadConfig, "num_local_experts is -4"),
        ({"num_local_experts": 0}, BadConfig, "num_local_experts is 0"),
        ({"num_local_experts": True}, BadConfig, "must be a whole number, not True"),
        ({"num_local_experts": 4.0}, BadConfig, "must be a whole number, not 4.0"),
        ({"num_local_experts": "4"}, BadConfig, "must be a whole number, not '4'"),
        ({"num_experts_per_tok": 5}, BadConfig, "sent to 5 experts, and there are 4"),
        ({"num_experts_per_tok": 0}, BadConfig, "num_experts_per_tok is 0"),
        ({"num_experts_per_tok": -1}, BadConfig, "num_experts_per_tok is -1"),
        ({"num_local_experts": 512, "num_hidden_layers": 1000}, BadConfig, "are over 16384"),
        ({"sliding_window": 64}, UnsupportedModel, "attention sees 64 tokens only"),
        ({"hidden_act": "gelu"}, UnsupportedModel, "not silu"),
        ({"quantization_config": {}}, UnsupportedModel, "quantised"),
        ({"architectures": ["LlamaForCausalLM"]}, UnsupportedModel, "is not Llama"),
        ({"model_type": "qwen3_moe"}, UnsupportedModel, "'MixtralForCausalLM' is not Llama"),
    ],
)
def test_an_impossible_mixture_is_refused(
    changes: dict[str, Any], kind: type[BadCheckpoint], said: str
) -> None:
    with pytest.raises(kind) as refused:
        parse_hf_config(MIXTRAL.to_hf_dict() | changes)
    assert said in refused.value.message


def _without(name: str) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda tensors: [each for each in tensors if each.name != name]


def _with(name: str, shape: tuple[int, ...]) -> Callable[[list[Tensor]], list[Tensor]]:
    return lambda tensors: [*_without(name)(tensors), tensor(name, shape)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without(EXPERT), f"the tensor {EXPERT!r} is missing"),
        (_without(ROUTER), f"the tensor {ROUTER!r} is missing"),
        (_with(ROUTER, (5, 32)), "the shape [5, 32], the configuration says [4, 32]"),
        (_with(ROUTER, (32, 4)), "the shape [32, 4], the configuration says [4, 32]"),
        (_with(EXPERT, (48, 32)), "the shape [48, 32], the configuration says [32, 48]"),
        (_with(EXPERT.replace("3", "4"), (32, 48)), "has no place in a Mixtral"),
        (_with(EXPERT.replace("3", "03"), (32, 48)), "has no place in a Mixtral"),
        (_with(EXPERT.replace("3", "-1"), (32, 48)), "has no place in a Mixtral"),
        (_with("model.layers.0.mlp.gate_proj.weight", (48, 32)), "has no place in a Mixtral"),
    ],
)
def test_tensors_that_are_not_those_of_the_mixture_are_refused(
    tmp_path: Path, change: Callable[[list[Tensor]], list[Tensor]], said: str
) -> None:
    write_model(tmp_path, change(model_tensors(MIXTRAL)))
    (tmp_path / "config.json").write_text(json.dumps(MIXTRAL.to_hf_dict()))
    with pytest.raises(TensorMismatch):
        open_checkpoint(tmp_path)
    assert any(said in problem for problem in inspect_checkpoint(tmp_path).problems)


def test_experts_without_a_layer_are_refused() -> None:
    with pytest.raises(BadConfig):
        replace(MIXTRAL, layers=3)


@given(
    st.dictionaries(
        st.sampled_from(
            ["num_local_experts", "num_experts_per_tok", "sliding_window", "num_hidden_layers"]
        ),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    )
)
def test_whatever_the_numbers_are_the_answer_is_a_mixture_or_a_refusal(
    changes: dict[str, Any],
) -> None:
    try:
        found = parse_hf_config(MIXTRAL.to_hf_dict() | changes).experts
    except BadCheckpoint:
        return
    assert found is not None
    assert 1 <= found.chosen <= found.count <= MAX_EXPERTS
    assert np.prod([found.count, len(found.layers)]) <= 1 << 14
