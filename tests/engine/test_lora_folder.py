"""Adapters as PEFT writes them, and as nobody honest would."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig as TransformersConfig
from transformers import LlamaForCausalLM, LlamaModel

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.adapters import Projection, Target
from paddock.engine.errors import BadAdapter, ModelTooLarge
from paddock.engine.lora_folder import read_adapter
from tests.checkpoint.samples import TINY, file_bytes, tensor

# PEFT asks transformers for what transformers will call otherwise.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")

ALL = [projection.value for projection in Projection]


def base_model(kind: Callable[..., Any] = LlamaForCausalLM) -> Any:
    config = TransformersConfig(
        hidden_size=TINY.dim, num_hidden_layers=TINY.layers, num_attention_heads=TINY.heads,
        num_key_value_heads=TINY.kv_heads, head_dim=TINY.head_dim, intermediate_size=TINY.ffn_dim,
        vocab_size=TINY.vocab_size,
    )  # fmt: skip
    return kind(config)


def trained(folder: Path, *, kind: Callable[..., Any] = LlamaForCausalLM, **options: Any) -> Any:
    """PEFT's own adapter with random weights, saved by PEFT."""
    options = {"r": 4, "lora_alpha": 12, "target_modules": ALL, **options}
    torch.manual_seed(0)
    model = get_peft_model(base_model(kind), LoraConfig(**options))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if ".lora_" in name:
                weights.normal_()
    model.save_pretrained(folder)
    return model


def assert_same_deltas(folder: Path, model: Any) -> None:
    adapter = read_adapter(folder, TINY)
    modules = [name for name, each in model.named_modules() if hasattr(each, "get_delta_weight")]
    assert len(adapter.parts) == len(modules)
    for name in modules:
        layer, _, projection = name.split("layers.")[1].split(".")
        part = adapter.parts[Target(int(layer), Projection(projection))]
        theirs = model.get_submodule(name).get_delta_weight("default").detach().numpy()
        assert np.allclose(part.scale * part.b @ part.a, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target_modules": ["q_proj", "v_proj"]},
        {"target_modules": r".*layers\.1.*\.(gate|up)_proj"},
        {"target_modules": "all-linear"},
        {"use_rslora": True},
        {"rank_pattern": {"q_proj": 2, "model.layers.1.mlp.up_proj": 7}},
        {"alpha_pattern": {"^model.layers.0.self_attn.k_proj": 3, "down_proj": 5}, "r": 3},
        {"target_modules": ["o_proj"], "layers_to_transform": [1]},
        {"init_lora_weights": "gaussian", "lora_dropout": 0.1},
        {"kind": LlamaModel},
    ],
    ids=str,
)
def test_what_peft_trains_is_added_as_peft_adds_it(tmp_path: Path, options: Any) -> None:
    assert_same_deltas(tmp_path, trained(tmp_path, **options))


def test_an_adapter_is_named_like_its_folder_and_keeps_16_bit_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "pirate"
    model = trained(folder).to(torch.bfloat16)
    model.save_pretrained(folder)
    assert_same_deltas(folder, model.float())
    adapter = read_adapter(folder, TINY)
    assert (adapter.name, adapter.max_rank) == ("pirate", 4)
    assert read_adapter(folder, TINY, "parrot").name == "parrot"


def test_a_pickled_adapter_is_read_by_our_own_interpreter(tmp_path: Path) -> None:
    model = trained(tmp_path)
    model.save_pretrained(tmp_path, safe_serialization=False)
    (tmp_path / "adapter_model.safetensors").unlink(missing_ok=True)
    if not (tmp_path / "adapter_model.bin").exists():  # PEFT stopped writing them
        torch.save(_state(model), tmp_path / "adapter_model.bin")
    assert_same_deltas(tmp_path, model)


def _state(model: PeftModel) -> dict[str, torch.Tensor]:
    return {
        name.replace(".default", ""): weights
        for name, weights in model.state_dict().items()
        if ".lora_" in name
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"bias": "lora_only"}, "biases"),
        ({"lora_bias": True}, "biases"),
        ({"modules_to_save": ["lm_head"]}, "whole modules"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, "embed_tokens"),
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"init_lora_weights": "olora"}, "changed by 'olora'"),
        ({"trainable_token_indices": [1, 2]}, "trainable_token_indices"),
    ],
    ids=str,
)
def test_kinds_that_change_more_than_projections_are_refused(
    tmp_path: Path, options: Any, said: str
) -> None:
    trained(tmp_path, **options)
    with pytest.raises(BadAdapter, match=said):
        read_adapter(tmp_path, TINY)


def test_an_adapter_of_another_model_is_refused_before_a_number_is_read(tmp_path: Path) -> None:
    trained(tmp_path)
    wider = LlamaConfig(**{**_fields(TINY), "dim": 64, "head_dim": 16})
    with pytest.raises(BadAdapter, match="need"):
        read_adapter(tmp_path, wider)
    shallower = LlamaConfig(**{**_fields(TINY), "layers": 1})
    with pytest.raises(BadAdapter, match="layer 1; the model has 1"):
        read_adapter(tmp_path, shallower)


def _fields(config: LlamaConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in config.__slots__}


HONEST = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
Q = "base_model.model.model.layers.0.self_attn.q_proj.lora_"


def write(
    folder: Path, config: dict[str, Any] | bytes, tensors: list[Tensor] | None = None
) -> None:
    raw = config if isinstance(config, bytes) else json.dumps(config).encode()
    (folder / "adapter_config.json").write_bytes(raw)
    given = honest_pair() if tensors is None else tensors
    (folder / "adapter_model.safetensors").write_bytes(file_bytes(given))


def honest_pair() -> list[Tensor]:
    return [tensor(Q + "A.weight", (2, TINY.dim)), tensor(Q + "B.weight", (TINY.q_dim, 2))]


def test_the_honest_one_that_the_hostile_ones_are_made_of_is_read(tmp_path: Path) -> None:
    write(tmp_path, HONEST)
    part = read_adapter(tmp_path, TINY).parts[Target(0, Projection.Q)]
    assert part.scale == 2.0
    assert part.a.tobytes() == bytes(honest_pair()[0].read())


@pytest.mark.parametrize(
    "change",
    [
        {"r": 0}, {"r": 1 << 40}, {"r": 2.0}, {"r": None}, {"r": True},
        {"lora_alpha": "4"}, {"lora_alpha": 1e300}, {"lora_alpha": None},
        {"target_modules": None}, {"target_modules": [7]}, {"target_modules": ["k_proj"]},
        {"target_modules": ["q_proj", "v_proj"]}, {"target_modules": ["q_proj"] * 10_001},
        {"peft_type": "IA3"}, {"peft_type": None}, {"fan_in_fan_out": True},
        {"rank_pattern": {"(a+)+$": 4}}, {"rank_pattern": {"q_proj": 8}}, {"rank_pattern": [1]},
        {"alpha_pattern": {"q_proj": "x"}}, {"invented_tomorrow": {"twist": 1}},
        {"use_rslora": "yes"}, {"init_lora_weights": "pissa_niter_4"}, {"bias": 1},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_settings_are_refused_in_a_sentence(tmp_path: Path, change: Any) -> None:
    write(tmp_path, {**HONEST, **change})
    with pytest.raises(BadAdapter):
        read_adapter(tmp_path, TINY)


def test_a_catastrophic_expression_is_never_run(tmp_path: Path) -> None:
    write(tmp_path, {**HONEST, "target_modules": r"(.*.*.*.*.*.*.*.*.*.*)*!"})
    assert read_adapter(tmp_path, TINY).parts


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"r": 1, "r": 2}', b'{"r": NaN}', b"\xff", b"[" * 10_000]
)
def test_settings_that_are_not_json_are_refused(tmp_path: Path, raw: bytes) -> None:
    write(tmp_path, raw)
    with pytest.raises(BadAdapter):
        read_adapter(tmp_path, TINY)


A, B = honest_pair()


@pytest.mark.parametrize(
    "tensors",
    [
        [],
        [A],
        [A, tensor(Q + "B.weight", (TINY.q_dim, 3))],
        [tensor(Q + "A.weight", (TINY.dim, 2)), B],
        [A, B, tensor(Q + "B.bias", (TINY.q_dim,))],
        [A, B, tensor("base_model.model.lm_head.weight", (TINY.vocab_size, TINY.dim))],
        [A, B, tensor("base_model.model.model.layers.9999.mlp.up_proj.lora_A.weight", (2, 2))],
        [A, B, tensor("base_model.model.model.layers.0.mlp.q_proj.lora_A.weight", (2, 2))],
        [A, B, A.renamed(Q.replace("model.model.model", "model.model") + "A.weight")],
        [A, B, A.renamed(Q.replace("q_proj", "k_proj") + "A.weight")],
        [tensor(Q + "A.weight", (2, TINY.dim), "I64"), B],
        [Tensor(A.name, "F32", A.shape, lambda: iter([b"\xff" * A.size_bytes])), B],
    ],
    ids=lambda tensors: f"{len(tensors)}-{tensors[-1].name[-22:] if tensors else ''}",
)
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, tensors: list[Tensor]) -> None:
    write(tmp_path, HONEST, tensors)
    with pytest.raises(BadAdapter):
        read_adapter(tmp_path, TINY)


def test_a_folder_without_an_adapter_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint):
        read_adapter(tmp_path, TINY)
    (tmp_path / "adapter_config.json").write_text(json.dumps(HONEST))
    with pytest.raises(BadAdapter, match=r"has no adapter_model\.safetensors"):
        read_adapter(tmp_path, TINY)


def test_a_pipe_is_no_adapter_and_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(HONEST))
    os.mkfifo(tmp_path / "adapter_model.safetensors")
    with pytest.raises(BadAdapter, match="has no adapter_model"):
        read_adapter(tmp_path, TINY)


def test_an_adapter_larger_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, HONEST)
    monkeypatch.setattr("paddock.engine.lora_folder.available_memory_bytes", lambda: 100)
    with pytest.raises(ModelTooLarge, match="adapter"):
        read_adapter(tmp_path, TINY)
