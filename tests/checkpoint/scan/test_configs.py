"""Settings that make a loader fetch, run, open or allocate."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from tests.checkpoint.scan.scanned import codes


def weights(metadata: dict[str, str]) -> bytes:
    header = {"__metadata__": metadata, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + struct.pack("<f", 0.5)


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "remote": ({"auto_map": {"AutoModel": "acme/other--m.M"}}, "remote_code"),
    "remote, deep": ({"a": [{"text_config": {"auto_map": {"A": "x/y--m.M"}}}]}, "remote_code"),
    "remote, listed": ({"auto_map": {"AutoTokenizer": ["x/y--t.T", None]}}, "remote_code"),
    "remote pipeline": ({"custom_pipelines": {"p": {"impl": "x/y--p.P"}}}, "remote_code"),
    "remote kernel": ({"_attn_implementation": "acme/fast-attention"}, "remote_code"),
    "remote class": ({"tokenizer_class": "x/y--t.T"}, "remote_code"),
    "local": ({"auto_map": {"AutoModel": "modeling_acme.M"}}, "custom_code"),
    "an import by peft": (
        {"auto_mapping": {"parent_library": "os", "base_model_class": "x"}},
        "custom_code",
    ),
    "trusting": ({"trust_remote_code": True}, "custom_code"),
    "Hydra": ({"model": {"_target_": "os.system", "command": "true"}}, "instantiates"),
    "jsonpickle": ({"py/object": "os.system"}, "instantiates"),
    "out of the folder": ({"vocab_file": "../../etc/passwd"}, "path_escape"),
    "on the machine": ({"tokenizer_file": "/etc/passwd"}, "path_escape"),
    "on Windows": ({"merges_file": "..\\..\\x"}, "path_escape"),
    "far above": ({"_name_or_path": "../../x"}, "path_escape"),
    "a shard": ({"weight_map": {"w": "../x.safetensors"}}, "path_escape"),
    "fetched": ({"vocab_file": "https://x.example/vocab.json"}, "remote_reference"),
    "huge": ({"model_type": "x", "hidden_size": 10**12}, "absurd_value"),
    "negative": ({"vocab_size": -1}, "absurd_value"),
}
HONEST: dict[str, dict[str, Any]] = {
    "a Llama": {"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "vocab_size": 128256, "eos_token_id": [1, 2]},
    "where it came from": {"_name_or_path": "meta-llama/Llama-3.1-8B", "transformers_version": "4.44.0"},
    "an attention": {"_attn_implementation": "flash_attention_2", "trust_remote_code": False},
    "Mamba's infinity": {"time_step_limit": [0.0, float("inf")]},
    "a long context": {"max_position_embeddings": 10_485_760, "model_max_length": 10**30},
    "a device map": {"device_map": {"": "cpu"}, "torch_dtype": "bfloat16"},
    "training": {"learning_rate": 1e-4, "train_file": "../data/train.json", "deepspeed_path": "../ds.json"},
    "an index": {"metadata": {"total_size": 4}, "architectures": None},
    "labels": {"id2label": {"0": "NEGATIVE"}, "label2id": {"NEGATIVE": 0}},
    "a quantised model": {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    "Meta's own parameters": {"dim": 4096, "n_layers": 32, "n_heads": 32, "vocab_size": -1},
    "a schema": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
}  # fmt: skip


@pytest.mark.parametrize("what", SETTINGS)
@pytest.mark.parametrize("name", ["config.json", "anything.json"])
def test_dangerous_settings_are_told_in_any_file(what: str, name: str) -> None:
    content, code = SETTINGS[what]
    assert code in codes({name: content})


@pytest.mark.parametrize("what", HONEST)
def test_honest_settings_are_clean(what: str) -> None:
    assert codes({"config.json": HONEST[what]}) == set()


def test_a_pipeline_is_put_together_from_libraries_of_models_alone() -> None:
    honest = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "image_encoder": [None, None],
        "requires_safety_checker": True,
    }
    assert codes({"model_index.json": honest}) == set()
    foreign = {**honest, "unet": ["acme_unet", "UNet"]}
    assert codes({"model_index.json": foreign}) == {"custom_code"}


def test_a_key_that_stands_twice_is_refused() -> None:
    assert codes({"config.json": '{"a": 1, "b": {"c": 2, "c": 3}}'}) == {"duplicate"}


@pytest.mark.parametrize("text", ['{"a": ', "{" + '"a": {' * 50_000, '{"a": \xff}'])
def test_what_cannot_be_parsed_is_not_clean(text: str) -> None:
    assert codes({"config.json": text.encode("latin-1")}) - {"wrong_name"}


METADATA = {
    "a script": "<script>fetch('//x.example')</script>",
    "an address": "see http://collector.example/p?q=1",
    "something to build": '{"_target_": "os.system"}',
    "a handler": "<img src=x onerror=alert(1)>",
}


@pytest.mark.parametrize("what", METADATA)
def test_metadata_that_does_something_waits_for_a_person(what: str) -> None:
    assert codes({"model.safetensors": weights({"note": METADATA[what]})}) == {"metadata_program"}


@pytest.mark.parametrize(
    "metadata",
    [
        {"format": "pt"},
        {"modelspec.implementation": "https://github.com/Stability-AI/generative-models"},
        {"license_link": "https://x.example/licence", "ss_learning_rate": "0.0001"},
        {"config": '{"hidden_size": 8}'},
    ],
)
def test_metadata_that_describes_is_clean(metadata: dict[str, str]) -> None:
    assert codes({"model.safetensors": weights(metadata)}) == set()


def test_code_that_metadata_names_is_told_as_in_a_file() -> None:
    hidden = json.dumps({"auto_map": {"AutoModel": "x/y--m.M"}})
    assert "remote_code" in codes({"model.safetensors": weights({"config": hidden})})
