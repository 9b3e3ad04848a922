"""A configuration that does not fit what lies beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoint.scan.scanned import Content, scanned
from tests.checkpoint.scan.tokenizers.samples import tokenizer


@pytest.fixture
def model(shared_data: Path) -> dict[str, Content]:
    folder = shared_data / "models" / "tiny-llama-float-hf"
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    return {name: (folder / name).read_bytes() for name in names}


def changed(model: dict[str, Content], **fields: Any) -> dict[str, Content]:
    raw = model["config.json"]
    assert isinstance(raw, bytes)
    return {**model, "config.json": json.loads(raw) | fields}


def across(files: dict[str, Content]) -> set[str]:
    return {reason.code for reason in scanned(files).across}


def test_a_real_folder_is_in_agreement(model: dict[str, Content]) -> None:
    assert scanned(model).reasons == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden_size": 64},
        {"num_hidden_layers": 3},
        {"num_hidden_layers": 1},
        {"intermediate_size": 128},
        {"vocab_size": 31},
        {"num_attention_heads": 4, "num_key_value_heads": 3},
    ],
)
def test_shapes_that_are_not_the_configurations_wait_for_a_person(
    model: dict[str, Content], fields: dict[str, Any]
) -> None:
    files = changed(model, **fields)
    assert "config_mismatch" in across(files)
    assert scanned(files).verdict == "quarantine"


def test_another_number_type_is_a_warning(model: dict[str, Content]) -> None:
    assert across(changed(model, torch_dtype="bfloat16")) == {"dtype_mismatch"}


def test_a_tokenizer_with_more_ids_than_embeddings_waits_for_a_person() -> None:
    files: dict[str, Content] = {
        "config.json": {"model_type": "acme", "vocab_size": 20},
        "tokenizer.json": tokenizer(),
    }
    assert across(files) == {"config_mismatch"}


def test_other_architectures_and_missing_shards_are_not_judged(model: dict[str, Content]) -> None:
    assert across(changed(model, architectures=["AcmeForCausalLM"], model_type="acme")) == set()
    without = {name: content for name, content in model.items() if name != "model.safetensors"}
    assert across(without) == set()


def test_an_adapter_names_its_base() -> None:
    assert across({"adapter_config.json": {"peft_type": "LORA"}}) == {"base_unnamed"}
    named = {"peft_type": "LORA", "base_model_name_or_path": "acme/base"}
    assert across({"adapter_config.json": named}) == set()
