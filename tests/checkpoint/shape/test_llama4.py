"""Llama 4's text model on disk: the published shapes, and what would compute something else."""

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
from transformers import Llama4TextConfig

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import BadCheckpoint, BadConfig, TensorMismatch, UnsupportedModel
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling, parse_hf_config
from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.shape.feed_forward import mixture_of
from paddock.checkpoint.shape.llama4 import Llama4, Temperature
from paddock.checkpoint.tensors import Tensor, has_same_bytes
from tests.checkpoint.samples import LLAMA4, model_tensors, tensor, write_hf_folder, write_model

SCOUT = LlamaConfig(
    dim=5120,
    layers=48,
    heads=40,
    kv_heads=8,
    head_dim=128,
    ffn_dim=16384,
    vocab_size=202048,
    context=10485760,
    rope_theta=500000.0,
    rope_scaling=RopeScaling(16.0, 1.0, 1.0, 8192),
    experts=Experts(16, 1, 8192, tuple(range(48))),
    llama4=Llama4(tuple(range(3, 48, 4)), 8192, True, Temperature(8192, 0.1)),
)
MAVERICK = replace(
    SCOUT,
    context=1048576,
    rope_scaling=None,
    experts=Experts(128, 1, 8192, tuple(range(1, 48, 2))),
    llama4=Llama4(tuple(range(3, 48, 4)), 8192, False, Temperature(8192, 0.1)),
)
FUSED = "model.layers.1.feed_forward.experts.gate_up_proj"
ROUTER = "model.layers.1.feed_forward.router.weight"


def test_scout_and_maverick_are_as_large_and_as_active_as_their_names_say() -> None:
    assert SCOUT.parameter_count() / 1e9 == pytest.approx(107.8, rel=0.005)  # without vision
    assert SCOUT.active_parameter_count() / 1e9 == pytest.approx(17.2, rel=0.01)
    assert MAVERICK.parameter_count() / 1e9 == pytest.approx(400.7, rel=0.005)
    assert MAVERICK.active_parameter_count() / 1e9 == pytest.approx(17.2, rel=0.01)


@pytest.mark.parametrize("config", [SCOUT, MAVERICK, LLAMA4, replace(LLAMA4, experts=None)])
def test_config_json_survives_our_parser_and_the_one_of_transformers(config: LlamaConfig) -> None:
    assert parse_hf_config(config.to_hf_dict()) == config
    stock = Llama4TextConfig.from_dict(config.to_hf_dict())
    assert parse_hf_config(stock.to_dict() | {"architectures": None}) == config


def test_what_a_config_leaves_out_is_what_transformers_takes() -> None:
    stock = Llama4TextConfig(hidden_size=64, num_attention_heads=16, num_hidden_layers=9)
    short = {
        "model_type": "llama4_text", "hidden_size": 64, "num_attention_heads": 16,
        "num_hidden_layers": 9, "intermediate_size_mlp": 16384, "vocab_size": 202048,
    }  # fmt: skip
    assert parse_hf_config(short) == parse_hf_config(stock.to_dict())
    assert parse_hf_config(short).head_dim == 128


def test_it_is_inspected_and_converted_and_stays_the_same(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", LLAMA4)
    found = inspect_checkpoint(tmp_path / "hf")
    assert (found.family, found.config, found.published_as) == ("llama4", LLAMA4, None)
    assert found.parameters == LLAMA4.parameter_count()
    convert_checkpoint(tmp_path / "hf", tmp_path / "out", ConvertOptions(shard_bytes=20_000))
    whole, made = (open_checkpoint(tmp_path / name).by_name() for name in ("hf", "out"))
    assert all(has_same_bytes(made[name], each) for name, each in whole.items())


@pytest.mark.parametrize("target", ["gguf", "meta"])
def test_other_layouts_are_refused_in_words(tmp_path: Path, target: str) -> None:
    write_hf_folder(tmp_path / "hf", LLAMA4)
    with pytest.raises(UnsupportedModel, match="Llama 4"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "x", ConvertOptions(targets=(target,)))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("is_verbatim", [True, False])
def test_one_expert_is_taken_out_of_the_tensor_of_all(tmp_path: Path, is_verbatim: bool) -> None:
    write_hf_folder(tmp_path, LLAMA4)
    tensors = open_checkpoint(tmp_path).by_name()
    every = np.frombuffer(tensors[FUSED].read(), "<f4").reshape(4, 32, 48)
    tensors = {n: replace(t, is_verbatim=is_verbatim) for n, t in tensors.items()}
    mixture = mixture_of(LLAMA4, tensors, 1)
    assert mixture is not None and mixture_of(LLAMA4, tensors, 0) is None
    for number, expert in enumerate(mixture.experts):
        (gate_up,) = expert.gate_up
        assert gate_up.shape == (48, 32)
        found = np.frombuffer(gate_up.read(), "<f4").reshape(48, 32)
        assert np.array_equal(found, every[number].T)


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"num_local_experts": -1}, BadConfig, "num_local_experts is -1"),
        ({"num_local_experts": 1 << 40}, BadConfig, "must be 1 to 512"),
        ({"num_experts_per_tok": 9}, BadConfig, "sent to 9 experts, and there are 4"),
        ({"moe_layers": [1, 4]}, BadConfig, "no rising numbers of 4 layers"),
        ({"moe_layers": [3, 1]}, BadConfig, "no rising numbers"),
        ({"moe_layers": [1, 1]}, BadConfig, "no rising numbers"),
        ({"moe_layers": [-1]}, BadConfig, "no rising numbers"),
        ({"moe_layers": [True]}, BadConfig, "a list of whole numbers"),
        ({"moe_layers": 2}, BadConfig, "a list of whole numbers"),
        ({"moe_layers": None, "interleave_moe_layer_step": 0}, BadConfig, "layer_step is 0"),
        ({"no_rope_layers": [1, 1, 0]}, BadConfig, "names 3 of 4 layers"),
        ({"no_rope_layers": [1, 1, 2, 0]}, BadConfig, "a list of 0 and 1"),
        ({"no_rope_layers": "1110"}, BadConfig, "a list of 0 and 1"),
        ({"no_rope_layers": None, "no_rope_layer_interval": 0}, BadConfig, "interval is 0"),
        ({"layer_types": ["full_attention"] * 4}, UnsupportedModel, "layer_types says other"),
        ({"attention_chunk_size": 0}, BadConfig, "attention_chunk_size is 0"),
        ({"attention_chunk_size": -8192}, BadConfig, "attention_chunk_size is -8192"),
        ({"floor_scale": 0}, BadConfig, "floor_scale is 0"),
        ({"attn_scale": float("nan")}, BadConfig, "attn_scale is nan"),
        ({"attention_bias": True}, UnsupportedModel, "attention_bias is true"),
        ({"architectures": ["LlamaForCausalLM"]}, UnsupportedModel, "is not Llama"),
        ({"model_type": "llama"}, UnsupportedModel, "'Llama4ForCausalLM' is not Llama"),
    ],
)  # fmt: skip
def test_what_would_compute_something_else_is_refused(
    changes: dict[str, Any], kind: type[BadCheckpoint], said: str
) -> None:
    with pytest.raises(kind) as refused:
        parse_hf_config(LLAMA4.to_hf_dict() | changes)
    assert said in refused.value.message


def test_equal_factors_are_those_of_llama_4_alone() -> None:
    with pytest.raises(BadConfig, match="must be below"):
        replace(SCOUT, llama4=None, experts=None)


def _with(name: str, shape: tuple[int, ...] | None) -> Callable[[list[Tensor]], list[Tensor]]:
    def change(tensors: list[Tensor]) -> list[Tensor]:
        kept = [each for each in tensors if each.name != name]
        return kept if shape is None else [*kept, tensor(name, shape)]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_with(FUSED, (3, 32, 48)), "[3, 32, 48], the configuration says [4, 32, 48]"),
        (_with(FUSED, (4, 48, 32)), "the configuration says [4, 32, 48]"),
        (_with(FUSED, (32, 48)), "the configuration says [4, 32, 48]"),
        (_with(FUSED, None), "is missing"),
        (_with(ROUTER, (32, 4)), "the configuration says [4, 32]"),
        (_with(ROUTER, None), "is missing"),
        (_with(ROUTER.replace("1", "0"), (4, 32)), "has no place in a Llama 4"),
        (_with("model.layers.1.feed_forward.gate_proj.weight", (48, 32)), "has no place"),
    ],
)
def test_tensors_that_are_not_those_of_the_model_are_refused(
    tmp_path: Path, change: Callable[[list[Tensor]], list[Tensor]], said: str
) -> None:
    write_model(tmp_path, change(model_tensors(LLAMA4)))
    (tmp_path / "config.json").write_text(json.dumps(LLAMA4.to_hf_dict()))
    with pytest.raises(TensorMismatch):
        open_checkpoint(tmp_path)
    assert any(said in problem for problem in inspect_checkpoint(tmp_path).problems)


_ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)


@given(
    st.dictionaries(
        st.sampled_from([
            "moe_layers", "no_rope_layers", "interleave_moe_layer_step", "no_rope_layer_interval",
            "attention_chunk_size", "floor_scale", "attn_scale", "num_local_experts",
            "num_experts_per_tok", "num_hidden_layers", "layer_types",
        ]),
        _ODD | st.lists(_ODD, max_size=5) | st.lists(st.integers(0, 3), max_size=5),
    )
)  # fmt: skip
def test_whatever_the_settings_are_the_answer_is_a_model_or_a_refusal(
    changes: dict[str, Any],
) -> None:
    try:
        found = parse_hf_config(LLAMA4.to_hf_dict() | changes)
    except BadCheckpoint:
        return
    assert found.llama4 is not None
    layers = range(found.layers)
    assert set(found.llama4.without_positions) <= set(layers)
    assert found.experts is None or set(found.experts.layers) <= set(layers)
    assert parse_hf_config(found.to_hf_dict()) == found
